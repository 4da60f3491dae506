"""Reference sequences by digest (GA4GH refget 2.0), and terms of ontologies by text (fuzon)."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from scibus.contracts.model import Contract
from scibus.contracts.modos.digests import SequenceId


def _sequence_id(text: str) -> str:
    return str(SequenceId.parse(text))


Digest = Annotated[
    str,
    AfterValidator(_sequence_id),
    Field(
        min_length=1,
        max_length=200,
        description="A sequence: its MD5, its `SQ.` digest or its TRUNC512, with or without `md5:` and `ga4gh:`.",
        examples=["f1f8f4bf413b16ad135722aa4591043e", "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"],
    ),
]


class SequenceQuery(Contract):
    """Which part of which sequence to fetch: all of it, or bases `start` to `end`, 0-based and half-open."""

    id: Digest
    start: int | None = Field(default=None, ge=0)
    end: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def ends_after_start(self) -> Self:
        """Sequences that go round are not supported."""
        if self.end is not None and self.end < (self.start or 0):
            raise ValueError(f"end ({self.end}) lies before start ({self.start or 0})")
        return self


class SequencePart(Contract):
    """Bases of a sequence. `verified` tells that all of it was fetched and that its digest is the one asked for."""

    id: str
    start: int
    end: int
    sequence: str
    verified: bool


class SequenceMetadataQuery(Contract):
    """Which sequence to describe."""

    id: Digest


class SequenceAlias(Contract):
    """Another name of a sequence."""

    alias: str
    naming_authority: str = ""


class SequenceMetadata(Contract):
    """What refget knows of a sequence."""

    md5: str | None = None
    ga4gh: str | None = None
    trunc512: str | None = None
    length: int
    aliases: list[SequenceAlias] = []


class CodesQuery(Contract):
    """Which terms of an ontology are meant by a text."""

    collection: str = Field(min_length=1, max_length=200, examples=["cell_type", "source_material", "taxon_id"])
    query: str = Field(min_length=1, max_length=1000)
    top: int = Field(default=50, ge=1, le=1000, description="Terms at most.")


class Code(Contract):
    """A term. `score` tells how well it fits: 1 the same text, above 0 its letters in order."""

    label: str
    uri: str
    score: float


class Codes(Contract):
    """Terms that fit, best first; none where the collection has none."""

    codes: list[Code]

    def rows(self) -> list[dict[str, Any]]:
        """One row per term."""
        return [code.model_dump() for code in self.codes]


class CollectionsQuery(Contract):
    """Ask which collections of terms there are."""


class Collections(Contract):
    """Names of collections, sorted."""

    collections: list[str]

    def rows(self) -> list[dict[str, Any]]:
        """One row per collection."""
        return [{"collection": name} for name in self.collections]
