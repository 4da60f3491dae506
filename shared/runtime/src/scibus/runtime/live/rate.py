"""How many messages there were each second, lately."""

import time
from collections import deque

SPAN_SECONDS = 10.0
SLICE_SECONDS = 1.0


class Rate:
    """Counts in slices of a second, and forgets those that are older than the span."""

    def __init__(self) -> None:
        self._slices: deque[tuple[float, int]] = deque()

    def add(self, count: int) -> None:
        """So many more, now."""
        now = time.monotonic()
        if self._slices and now - self._slices[-1][0] < SLICE_SECONDS:
            began, before = self._slices.pop()
            self._slices.append((began, before + count))
        else:
            self._slices.append((now, count))
        self._forget(now)

    def lately(self) -> float:
        """Each second, over the last ten."""
        self._forget(time.monotonic())
        return round(sum(count for _, count in self._slices) / SPAN_SECONDS, 2)

    def _forget(self, now: float) -> None:
        while self._slices and now - self._slices[0][0] > SPAN_SECONDS:
            self._slices.popleft()
