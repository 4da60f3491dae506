"""Changes of objects: their elements, the links between these, and sequences for everybody (refget)."""

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from scibus.contracts.blobs import BlobRef
from scibus.contracts.model import Contract
from scibus.contracts.modos.objects import Metadata
from scibus.contracts.modos.paths import FileName, ObjectName, ObjectPath

ElementName = Field(
    min_length=3,
    max_length=1024,
    pattern=r"^[a-z]+/[A-Za-z0-9_-][A-Za-z0-9._-]*$",
    description="An element, as group/name.",
    examples=["sample/sample1"],
)
MOST_ELEMENTS = 10_000
ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def _id(text: str) -> str:
    """An id is the name of a folder too, among files that zarr makes."""
    if not ID.fullmatch(text) or text.startswith("__") or text == "zarr.json":
        raise ValueError("an id has letters, digits, and . _ - only, and begins with neither . nor __")
    return text


Id = Annotated[str, AfterValidator(_id), Field(max_length=200)]


class NewElement(Contract):
    """An element to be added. Its group follows from its type."""

    id: Id = Field(description="No other element of the object has it, whatever its type.", examples=["sample1"])
    type: str = Field(
        description="Class of the MODOS schema.",
        examples=["Sample", "Assay", "DataEntity", "ReferenceGenome", "ReferenceSequence"],
        max_length=200,
    )
    attributes: dict[str, Any] = Field(
        default={}, description="Attributes as they are to be stored; links name elements as group/name, or their id."
    )
    part_of: str | None = Field(
        default=None,
        max_length=1024,
        description="The element that is to link to this one; unset: assays are the object's, others nobody's.",
    )
    source: BlobRef | None = Field(
        default=None, description="Content of the file that `data_path` names; without that, of one of the blob's name."
    )
    index: BlobRef | None = Field(
        default=None, description="Index of that file (.crai, .bai, .csi, .tbi, .fai): stored beside it."
    )

    @model_validator(mode="after")
    def index_of_something(self) -> Self:
        """An index comes with its file."""
        if self.index and not self.source:
            raise ValueError("an index needs the file that it is of: name source too")
        return self


class CreateOrder(Contract):
    """A new object, and its first elements."""

    path: ObjectPath
    id: Id | None = Field(default=None, description="Its id; unset: the last part of its path.")
    attributes: dict[str, Any] = Field(default={}, description="Its own attributes, as name and description.")
    elements: list[NewElement] = Field(default=[], max_length=MOST_ELEMENTS)


class AddOrder(Contract):
    """Elements for an object."""

    modo: ObjectName
    elements: list[NewElement] = Field(min_length=1, max_length=MOST_ELEMENTS)


class UpdateOrder(Contract):
    """Attributes to be set; null takes one away."""

    modo: ObjectName
    element: str | None = Field(
        default=None, max_length=1024, description="The element, as group/name; unset: the object itself."
    )
    attributes: dict[str, Any] = Field(min_length=1)


class RemoveOrder(Contract):
    """An element to be removed, with all links to it and the file that is its own."""

    modo: ObjectName
    element: str = ElementName
    keep_file: bool = Field(default=False, description="Leave the file where it is.")


class EnrichOrder(Contract):
    """Reference sequences that headers of data name, to be elements of the object (BAM, CRAM, VCF, BCF)."""

    modo: ObjectName
    elements: list[Annotated[str, ElementName]] = Field(
        default=[], max_length=MOST_ELEMENTS, description="Whose headers; none named: those of all data."
    )


class EditedObject(Contract):
    """An object after a change."""

    path: str
    meta: Metadata
    changed: list[str] = Field(description="Elements that were added, changed or removed, also by their links.")

    def rows(self) -> list[dict[str, Any]]:
        """One row per element that changed."""
        return [{"element": name, "type": self.meta.get(name, {}).get("@type")} for name in self.changed]


class EnrichedObject(EditedObject):
    """An object with the sequences that its data name."""

    skipped: dict[str, str] = Field(default={}, description="Elements whose files tell nothing, and why.")


class PublishOrder(Contract):
    """A FASTA file whose sequences are to be had from refget: one of an object, or a blob."""

    modo: ObjectName | None = None
    file: FileName | None = None
    blob: BlobRef | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        """Either a file of an object or a blob."""
        if (self.modo is None) != (self.file is None) or (self.modo is None) == (self.blob is None):
            raise ValueError("name modo and file, or a blob")
        return self


class PublishedSequence(Contract):
    """A sequence that refget has now."""

    name: str
    md5: str
    ga4gh: str
    trunc512: str
    length: int


class PublishedSequences(Contract):
    """The sequences of a file."""

    sequences: list[PublishedSequence]

    def rows(self) -> list[dict[str, Any]]:
        """One row per sequence."""
        return [sequence.model_dump() for sequence in self.sequences]
