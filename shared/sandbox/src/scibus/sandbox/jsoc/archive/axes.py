"""Prime keys: the values each can take, numbered in ascending order."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

Key = int | float | str


@dataclass(frozen=True)
class SlottedTimes:
    """A time every `step` seconds from `first` on; a time between two slots belongs to the nearer one."""

    first: float
    step: float
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> float:
        return self.first + range(self.count)[index] * self.step

    def slot(self, time: float) -> int:
        """Number of the slot of `time`, which may lie outside of the series."""
        return math.floor((time - self.first) / self.step + 0.5)

    def slots(self, start: int, stop: int, every: int = 1) -> range:
        """The slots of the series from `start` up to but not with `stop`, the first of each `every`."""
        skipped = max(0, math.ceil(-start / every))
        return range(start + skipped * every, min(stop, self.count), every)


@dataclass(frozen=True)
class Times:
    """Times without slots, in ascending order."""

    values: Sequence[float]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> float:
        return self.values[index]

    def at(self, value: float) -> range:
        return self.between(value, value)

    def between(self, first: float, last: float) -> range:
        return range(bisect_left(self.values, first), bisect_right(self.values, last))

    def until(self, first: float, end: float) -> range:
        """The times from `first` up to but not with `end`."""
        return range(bisect_left(self.values, first), bisect_left(self.values, end))


@dataclass(frozen=True)
class Integers:
    """Numbers in ascending order."""

    values: Sequence[int]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> int:
        return self.values[index]

    def between(self, first: int, last: int) -> range:
        return range(bisect_left(self.values, first), bisect_right(self.values, last))


@dataclass(frozen=True)
class Names:
    """Texts in ascending order."""

    values: Sequence[str]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> str:
        return self.values[index]

    def at(self, value: str) -> range:
        return range(bisect_left(self.values, value), bisect_right(self.values, value))


Axis = SlottedTimes | Times | Integers | Names
