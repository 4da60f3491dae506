"""Answers that several CGIs give."""

from __future__ import annotations

import time
from collections.abc import Mapping

from scibus.sandbox.standin import Response

from .printing import Json, compact


class Stopwatch:
    """Measures how long jsoc_info takes."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def closing(self, arguments: Mapping[str, str]) -> dict[str, Json]:
        """The last members of an answer: `runtime`, unless left out by r=1, and a good `status`."""
        runtime = {} if arguments.get("r") == "1" else {"runtime": time.perf_counter() - self._start}
        return {**runtime, "status": 0}


def one_line(document: Json) -> Response:
    return Response(compact(document))


def failure(status: int, error: str) -> Response:
    """An error, which JSOC sends with HTTP 200."""
    return one_line({"status": status, "error": error})
