"""Slices of genome files (GA4GH htsget 1.3): as they come, or their records alone."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from scibus.contracts.blobs import BlobRef
from scibus.contracts.model import Contract
from scibus.contracts.modos.paths import FileName, ObjectName

LARGEST_POSITION = 2**31 - 1
"""What BAM can hold."""
MOST_REGIONS = 1000
Format = Literal["BAM", "CRAM", "VCF", "BCF"]
RANGE = re.compile(r"(?P<start>\d[\d,]*)?(?P<hyphen>-)?(?P<end>\d[\d,]*)?")


def _region(value: Any) -> Any:
    """Region as text: `chr1`, `chr1:5-10`, `chr1:-10`, `chr1:5-`, `chr1:5` (from there on).

    What follows the last colon counts as a range only where it looks like one: `HLA-A*01:01:01:01` is a name, and
    whoever means the name of such a sequence and a range writes both.
    """
    if not isinstance(value, str):
        return value
    name, colon, text = value.rpartition(":")
    found = RANGE.fullmatch(text) if colon and text else None
    if not found or not name:
        return {"reference_name": value}
    start, end = found["start"], found["end"]
    return {
        "reference_name": name,
        "start": int(start.replace(",", "")) if start else None,
        "end": int(end.replace(",", "")) if end else None,
    }


class Region(Contract):
    """A reference sequence, or its bases from `start` to before `end`: 0-based, half-open, as everywhere in htsget."""

    reference_name: str = Field(
        min_length=1, max_length=1000, description="`*` stands for the reads that are placed nowhere."
    )
    start: int | None = Field(default=None, ge=0, le=LARGEST_POSITION)
    end: int | None = Field(default=None, ge=0, le=LARGEST_POSITION)

    @model_validator(mode="after")
    def is_a_range(self) -> Self:
        """An empty region holds nothing, and a server may refuse it."""
        if self.end is not None and self.end < (self.start or 0):
            raise ValueError(f"end ({self.end}) lies before start ({self.start or 0})")
        if self.reference_name == "*" and (self.start, self.end) != (None, None):
            raise ValueError("reads that are placed nowhere have no positions")
        return self

    def __str__(self) -> str:
        if self.start is None and self.end is None:
            return self.reference_name
        return f"{self.reference_name}:{self.start or 0}-{'' if self.end is None else self.end}"


RegionOrText = Annotated[Region | str, BeforeValidator(_region)]
"""A region, which may be given as text."""


class SliceOrder(Contract):
    """Which part of which file to get."""

    modo: ObjectName
    file: FileName
    regions: Sequence[RegionOrText] = Field(
        default=[],
        max_length=MOST_REGIONS,
        description="Regions, as text `chr1:5-10` or as an object; 0-based, half-open; none: the whole file.",
        examples=["chr1:1000-2000"],
    )
    format: Format | None = Field(default=None, description="Format of the file; unset: what its name says.")

    @property
    def spans(self) -> list[Region]:
        """The regions, whichever way they were given."""
        return [region for region in self.regions if isinstance(region, Region)]


class StreamOrder(SliceOrder):
    """Which part of which file to get, as the htsget server gives it: it may hold more than the regions."""

    header_only: bool = Field(default=False, description="Only the file's header.")

    @model_validator(mode="after")
    def header_has_no_regions(self) -> Self:
        """A header is the same for all regions."""
        if self.header_only and self.regions:
            raise ValueError("a header has no regions: leave one of both out")
        return self


class Slice(Contract):
    """A valid file of its own: header, what was asked for, end-of-file block."""

    format: Format
    file: str
    regions: list[Region] = []
    blocks: int = Field(description="Pieces that it was made of.")
    blob: BlobRef

    def rows(self) -> list[dict[str, Any]]:
        """One row."""
        return [{"file": self.file, "format": self.format, "blocks": self.blocks, "size": self.blob.size}]


class RecordsOrder(SliceOrder):
    """Which records of which file to get: those that overlap a region, each once, and no others."""

    table: bool = Field(default=True, description="A table (Arrow stream); false: a file in the source's format.")
    reference: FileName | None = Field(
        default=None, description="CRAM: the FASTA file of the object that it refers to; unset: as the object says."
    )


class Records(Contract):
    """Records of a file: an Arrow stream, or a file of the source's format."""

    format: Format
    file: str
    regions: list[Region] = []
    count: int = Field(description="Number of records.")
    blob: BlobRef

    def rows(self) -> list[dict[str, Any]]:
        """One row."""
        return [{"file": self.file, "format": self.format, "count": self.count, "size": self.blob.size}]
