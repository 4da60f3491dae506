"""Long sequences of record numbers that need no memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import overload


class Grid(Sequence[int]):
    """`row * width + column` for every row and column chosen, rows outermost."""

    def __init__(self, rows: Sequence[int], columns: Sequence[int], width: int) -> None:
        self._rows = rows
        self._columns = columns
        self._width = width

    def __len__(self) -> int:
        return len(self._rows) * len(self._columns)

    @overload
    def __getitem__(self, position: int) -> int: ...
    @overload
    def __getitem__(self, position: slice) -> list[int]: ...
    def __getitem__(self, position: int | slice) -> int | list[int]:
        if isinstance(position, slice):
            return [self[index] for index in range(len(self))[position]]
        row, column = divmod(range(len(self))[position], len(self._columns))
        return self._rows[row] * self._width + self._columns[column]

    def __iter__(self) -> Iterator[int]:
        for row in self._rows:
            start = row * self._width
            for column in self._columns:
                yield start + column


class Runs(Sequence[int]):
    """Several sequences, one after the other."""

    def __init__(self, runs: Sequence[Sequence[int]]) -> None:
        self._runs = runs
        self._ends = list(accumulate(map(len, runs)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, position: int) -> int: ...
    @overload
    def __getitem__(self, position: slice) -> list[int]: ...
    def __getitem__(self, position: int | slice) -> int | list[int]:
        if isinstance(position, slice):
            return [self[index] for index in range(len(self))[position]]
        index = range(len(self))[position]
        run = bisect_right(self._ends, index)
        return self._runs[run][index - self._ends[run]]

    def __iter__(self) -> Iterator[int]:
        for run in self._runs:
            yield from run
