"""Which records lie in which regions."""

import sys
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from scibus.contracts.modos.slices import Region
from scibus.contracts.problems import NotFound

UNPLACED = "*"


class Regions:
    """Regions, 0-based and half-open.

    Attributes:
        have_all: whether there are none, so that everything lies in them.
    """

    def __init__(self, regions: Sequence[Region]) -> None:
        self.have_all = not regions
        self._has_unplaced = any(region.reference_name == UNPLACED for region in regions)
        spans: dict[str, list[tuple[int, int]]] = {}
        for region in regions:
            # Before the first base lie records whose position is not known.
            start = -1 if region.start is None else region.start
            end = sys.maxsize if region.end is None else region.end
            if region.reference_name != UNPLACED:
                spans.setdefault(region.reference_name, [])
                if start < end:
                    spans[region.reference_name].append((start, end))
        self._spans = {name: _merged(found) for name, found in spans.items()}

    def have(self, name: str | None, start: int, end: int) -> bool:
        """Whether the bases from `start` to before `end` of the sequence `name` lie in one of them, at least partly."""
        if self.have_all:
            return True
        if name is None:
            return self._has_unplaced
        spans = self._spans.get(name)
        if spans is None:
            return False
        starts, ends = spans
        before = bisect_left(starts, end) - 1
        return before >= 0 and ends[before] > start

    def check_known(self, names: Iterable[str], file: str) -> None:
        """See that all sequences are among `names`.

        Raises:
            NotFound: one is not.
        """
        unknown = sorted(self._spans.keys() - set(names))
        if unknown:
            raise NotFound(f"{file} has no sequence {', '.join(name[:100] for name in unknown[:5])}")


def _merged(spans: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Starts and ends in order; what touches is one."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(spans):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends
