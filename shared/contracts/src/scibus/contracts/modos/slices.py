"""Slices of genome files (GA4GH htsget 1.3): as they come, or their records alone."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetCoreSchemaHandler, model_validator
from pydantic_core.core_schema import CoreSchema, no_info_before_validator_function

from scibus.contracts.blobs import BlobRef
from scibus.contracts.model import Contract
from scibus.contracts.modos.paths import FileName, ObjectName

LARGEST_POSITION = 2**31 - 1
"""What BAM can hold."""
MOST_REGIONS = 1000
Format = Literal["BAM", "CRAM", "VCF", "BCF"]
NUMBER = r"(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})"
RANGE = re.compile(rf"(?P<start>{NUMBER})-(?P<end>{NUMBER})?|-(?P<before>{NUMBER})|(?P<alone>{NUMBER})")
LIKE_A_RANGE = re.compile(r"[-+.,_0-9eEkKmM]*")
WRONG_REGION = (
    "this is no region: write chr1, chr1:1000-2000, chr1:1000- or chr1:-2000, and several regions as several entries "
    "(in the command, --regions several times); a sequence whose name looks otherwise is given as an object with "
    "reference_name"
)


def _region(value: Any) -> Any:
    """Region as text: `chr1`, `chr1:5-10`, `chr1:-10`, `chr1:5-`, `chr1:5` (from there on).

    What follows the last colon is a range where it has a hyphen. A number alone is a start, unless it begins with 0 or
    there is a `*` in the name before it: `HLA-A*01:01:01:01`, `HLA-A*24:152` and `HLA-DRB1*15:01` are names, and
    `HLA-A*01:01:01:01:5-10` is such a name and a range. Anything else is a name, colons and all, as `HLA:HLA00001`.

    Raises:
        ValueError: it has a blank or a comma, which no name has, or ends in what was meant as a range and is none.
    """
    if not isinstance(value, str):
        return value
    name, _, text = value.rpartition(":")
    found = RANGE.fullmatch(text) if name else None
    if found and (found["alone"] is None or not _belongs_to_name(name, text)):
        start, end = found["start"] or found["alone"], found["end"] or found["before"]
    else:
        name, start, end = value, None, None
        if not found and _looks_like_a_range(text, value):
            raise ValueError(WRONG_REGION)
    if re.search(r"[\s,]", name):
        raise ValueError(WRONG_REGION)
    return {
        "reference_name": name,
        "start": int(start.replace(",", "")) if start else None,
        "end": int(end.replace(",", "")) if end else None,
    }


def _belongs_to_name(name: str, number: str) -> bool:
    """Whether a number after a colon is the last field of an allele's name. `*` itself is no name of one."""
    return "*" in name[1:] or (number[0] == "0" and number != "0")


def _looks_like_a_range(text: str, whole: str) -> bool:
    """Whether `text`, what follows the last colon of `whole`, was meant as a range."""
    return text != whole and bool(LIKE_A_RANGE.fullmatch(text)) and not text.isalpha()


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


class _AsRegion:
    """Whatever is given becomes a region. A union would tell of each of its types why it is not that one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(
            _region, handler.generate_schema(Region), json_schema_input_schema=handler(source)
        )


RegionOrText = Annotated[Region | str, _AsRegion()]
"""A region, which may be given as text."""


class SliceOrder(Contract):
    """Which part of which file to get."""

    modo: ObjectName
    file: FileName
    regions: Sequence[RegionOrText] = Field(
        default=[],
        max_length=MOST_REGIONS,
        description="Regions, as text `chr1:5-10` or as an object; 0-based, half-open; none: the whole file. What "
        "follows a text's last colon is a range where it has a hyphen; a number alone is a start, unless it begins "
        "with 0 or the name before it has a `*`: `HLA-A*01:01` is a name, `HLA-A*01:01:5-10` has a range.",
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
