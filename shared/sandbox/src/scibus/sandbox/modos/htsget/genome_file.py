"""One genome file with its index: which pieces of it a ticket needs."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from . import bgzf
from .bins import BinIndex, merged, read_index
from .errors import HtsgetError
from .pieces import Inline, Piece, Stretch
from .query import UNPLACED, Region

CRAM_EOF = bytes.fromhex("0f000000ffffffff0fe0454f4600000000010005bdd94f0001000606010001000100ee63014b")


class GenomeFile(Protocol):
    """Its methods block."""

    eof: bytes

    def header(self) -> Iterable[Piece]: ...

    def everything(self) -> Iterable[Piece]:
        """All records."""

    def regions(self, regions: Iterable[Region]) -> Iterable[Piece]:
        """At least the records that overlap one of `regions`, each once, in the order of the file.

        Raises:
            HtsgetError: a region is on no sequence of the file.
        """


class BgzfFile:
    """BAM, BCF or VCF.gz; without an index, any region is the whole file."""

    eof = bgzf.EOF

    def __init__(self, file: Path, index: Path | None, format: str) -> None:  # noqa: A002
        self._file = file
        self._index = None if index is None else read_index(index)
        self._references, self._header_end = _contents(file, format)
        if self._index and self._index.names:
            self._numbers = {name: number for number, name in enumerate(self._index.names)}
        else:
            self._numbers = self._references

    def header(self) -> Iterator[Piece]:
        return bgzf.between(self._file, 0, self._header_end, "header")

    def everything(self) -> Iterator[Piece]:
        return bgzf.between(self._file, self._header_end, bgzf.end_of_data(self._file) << 16, "body")

    def regions(self, regions: Iterable[Region]) -> Iterator[Piece]:
        wanted = list(regions)
        for region in wanted:
            _check(region, self._references)
        if self._index is None:
            yield from self.everything()
            return
        chunks = merged(chunk for region in wanted for chunk in self._chunks(self._index, region))
        for start, end in chunks:
            yield from bgzf.between(self._file, start, end, "body")

    def _chunks(self, index: BinIndex, region: Region) -> list[tuple[int, int]]:
        if region.reference == UNPLACED:
            return [(index.end_of_placed() or self._header_end, bgzf.end_of_data(self._file) << 16)]
        number = self._numbers.get(region.reference)
        return [] if number is None else index.chunks(number, region.start, region.end)


class CramFile:
    """Whole containers of a CRAM."""

    eof = CRAM_EOF

    def __init__(self, file: Path, index: Path | None) -> None:
        self._end = file.stat().st_size - len(CRAM_EOF)
        self._references = _alignment_contents(file, "rc")[0]
        lines = [] if index is None else gzip.decompress(index.read_bytes()).decode().splitlines()
        self._slices = [tuple(int(number) for number in line.split("\t")) for line in lines]
        self._containers = sorted({one[3] for one in self._slices}) or [self._end]

    def header(self) -> Iterator[Piece]:
        yield Stretch(0, self._containers[0], "header")

    def everything(self) -> Iterator[Piece]:
        yield Stretch(self._containers[0], self._end, "body")

    def regions(self, regions: Iterable[Region]) -> Iterator[Piece]:
        wanted = list(regions)
        for region in wanted:
            _check(region, self._references)
        needed = {one[3] for one in self._slices for region in wanted if self._overlaps(one, region)}
        for start, end in merged((start, self._end_of(start)) for start in needed):
            yield Stretch(start, end, "body")

    def _overlaps(self, one: tuple[int, ...], region: Region) -> bool:
        number, start, span = one[0], one[1] - 1, one[2]
        if region.reference == UNPLACED:
            return number == -1
        is_on_it = number == self._references[region.reference]
        return is_on_it and start + span > region.start and (region.end is None or start < region.end)

    def _end_of(self, container: int) -> int:
        following = self._containers.index(container) + 1
        return self._containers[following] if following < len(self._containers) else self._end


def pieces(file: GenomeFile, part: str | None, regions: tuple[Region, ...]) -> list[Piece]:
    """What a ticket for `part` and `regions` has to name; blocks."""
    found: list[Piece] = []
    if part != "body":
        found += file.header()
    if part != "header":
        found += file.regions(regions) if regions else file.everything()
        found.append(Inline(file.eof, "body"))
    return [piece for piece in found if not isinstance(piece, Inline) or piece.content]


def _check(region: Region, references: dict[str, int]) -> None:
    if region.reference != UNPLACED and region.reference not in references:
        raise HtsgetError("NotFound", f"there is no sequence {region.reference}")


def _contents(file: Path, form: str) -> tuple[dict[str, int], int]:
    """Numbers of the sequences by name, and behind the header."""
    if form == "BAM":
        return _alignment_contents(file, "rb")
    import pysam

    with pysam.VariantFile(str(file)) as variants:
        return {str(name): contig.id for name, contig in variants.header.contigs.items()}, int(variants.tell())


def _alignment_contents(file: Path, mode: str) -> tuple[dict[str, int], int]:
    import pysam

    with pysam.AlignmentFile(str(file), mode, check_sq=False) as reads:
        return {name: number for number, name in enumerate(reads.references)}, int(reads.tell()) if mode == "rb" else 0
