"""The indexes of BGZF files (BAI, TBI, CSI): where the records of a region are."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Chunk = tuple[int, int]
"""Virtual offsets."""

BAI_SHIFT, BAI_DEPTH = 14, 5
FIELDS_BEFORE_NAMES = 28


@dataclass
class Reference:
    """The bins of one sequence; `linear` has the least offset for each window of 16,384 bases."""

    bins: dict[int, list[Chunk]] = field(default_factory=dict)
    linear: list[int] = field(default_factory=list)


@dataclass
class BinIndex:
    """Bins by the number of the sequence; `names` where the index has them."""

    shift: int
    depth: int
    references: list[Reference]
    names: list[str]

    def chunks(self, reference: int, start: int, end: int | None) -> list[Chunk]:
        """Where records may be that overlap the region; it is none of the index's business whether they do."""
        if reference >= len(self.references):
            return []
        found, furthest = self.references[reference], 1 << (self.shift + 3 * self.depth)
        window = start >> self.shift
        least = found.linear[min(window, len(found.linear) - 1)] if found.linear else 0
        numbers = self._bins(min(start, furthest - 1), min(end or furthest, furthest))
        return [chunk for number in numbers for chunk in found.bins.get(number, ()) if chunk[1] > least]

    def end_of_placed(self) -> int | None:
        """Behind the last record that has a place; None when there is none."""
        ends = [chunk[1] for found in self.references for chunks in found.bins.values() for chunk in chunks]
        return max(ends, default=None)

    def _bins(self, start: int, end: int) -> Iterator[int]:
        shift, first = self.shift + 3 * self.depth, 0
        for level in range(self.depth + 1):
            yield from range(first + (start >> shift), first + ((end - 1) >> shift) + 1)
            first += 1 << (3 * level)
            shift -= 3


def merged(chunks: Iterable[Chunk]) -> list[Chunk]:
    """In the order of the file, each byte once."""
    result: list[Chunk] = []
    for start, end in sorted(chunks):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def read_index(file: Path) -> BinIndex:
    """Blocks."""
    content = file.read_bytes()
    data = Fields(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    magic = data.bytes(4)
    if magic == b"BAI\x01":
        count = data.number("i")
        return BinIndex(BAI_SHIFT, BAI_DEPTH, [_reference(data) for _ in range(count)], [])
    if magic == b"TBI\x01":
        count = data.number("i")
        names = _names(data.bytes(FIELDS_BEFORE_NAMES - 4) + data.bytes(data.number("i")), FIELDS_BEFORE_NAMES - 4)
        return BinIndex(BAI_SHIFT, BAI_DEPTH, [_reference(data) for _ in range(count)], names)
    shift, depth, about = data.number("i"), data.number("i"), data.number("i")
    names = _names(data.bytes(about), FIELDS_BEFORE_NAMES)
    count = data.number("i")
    return BinIndex(shift, depth, [_csi_reference(data, depth) for _ in range(count)], names)


class Fields:
    """Little-endian numbers, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def bytes(self, size: int) -> bytes:
        self._position += size
        return self._content[self._position - size : self._position]

    def number(self, kind: str) -> int:
        return int(struct.unpack(f"<{kind}", self.bytes(struct.calcsize(f"<{kind}")))[0])

    def chunks(self) -> list[Chunk]:
        return [(self.number("Q"), self.number("Q")) for _ in range(self.number("i"))]


def _reference(data: Fields) -> Reference:
    bins = {data.number("I"): data.chunks() for _ in range(data.number("i"))}
    linear = [data.number("Q") for _ in range(data.number("i"))]
    bins.pop(_statistics(BAI_DEPTH), None)
    return Reference(bins, linear)


def _csi_reference(data: Fields, depth: int) -> Reference:
    bins: dict[int, list[Chunk]] = {}
    for _ in range(data.number("i")):
        number, _least = data.number("I"), data.number("Q")
        bins[number] = data.chunks()
    bins.pop(_statistics(depth), None)
    return Reference(bins)


def _statistics(depth: int) -> int:
    """The bin that is none."""
    return ((1 << (3 * (depth + 1))) - 1) // 7 + 1


def _names(about: bytes, before: int) -> list[str]:
    return [name.decode() for name in about[before:].split(b"\0") if name]
