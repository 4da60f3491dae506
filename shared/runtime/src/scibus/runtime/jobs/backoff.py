"""How long a job waits before its next attempt."""

import random

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
LONGEST_ASKED = 3600.0
PARKED_SECONDS = 30.0
LONGEST_PARKED = 900.0


def backoff(attempt: int, asked: float | None) -> float:
    """Seconds after the failed `attempt`: twice as long each time, spread, and not less than the backend `asked`."""
    doubled = min(FIRST_SECONDS * 2.0 ** (attempt - 1), LONGEST_SECONDS)
    spread = doubled * random.uniform(0.5, 1.0)  # noqa: S311 - nobody gains from guessing it
    return max(spread, min(asked or 0.0, LONGEST_ASKED))


def left(times: int) -> float:
    """Seconds for which a job stays in the stream when a worker is at a loss; it was given out `times` times."""
    return float(min(2.0 ** min(max(times, 1) - 1, 10), LONGEST_SECONDS))


def parked(times: int) -> float:
    """Seconds for which a job stays in the stream when too many wait, after it was given out `times` times."""
    doubled = min(PARKED_SECONDS * 2.0 ** min(times - 1, 10), LONGEST_PARKED)
    return doubled * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the load
