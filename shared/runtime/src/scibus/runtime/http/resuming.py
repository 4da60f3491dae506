"""What every download needs that goes on where it broke off."""

import httpx

from scibus.contracts.problems import Problem

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


class StartAgain(Exception):
    """What came so far is of no use: all must be fetched from its beginning."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def pause(tries: int) -> float:
    """Seconds before the next try after so many in vain."""
    return min(FIRST_PAUSE * 2.0**tries, LONGEST_PAUSE)


def validator_of(response: httpx.Response) -> str | None:
    """What `If-Range` can name: a strong entity tag, or the time of the last change."""
    tag: str | None = response.headers.get("ETag")
    changed: str | None = response.headers.get("Last-Modified")
    return tag if tag and not tag.startswith("W/") else changed


def length_of(response: httpx.Response) -> int | None:
    """Bytes that an answer announces; None where it does not."""
    text: str | None = response.headers.get("Content-Length")
    return int(text) if text is not None and text.isdecimal() else None
