"""Objects: finding them, and reading what they say of themselves."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from scibus.contracts.model import Contract
from scibus.contracts.modos.paths import ObjectName

Metadata = dict[str, dict[str, Any]]
"""Attributes of an object under its id, and of each of its elements under `group/name`, as they are stored."""


class Page(Contract):
    """Which part of a long answer is wanted."""

    offset: int = Field(default=0, ge=0, description="Objects to pass over.")
    limit: int | None = Field(default=None, ge=1, description="Objects at most.")


class ListQuery(Page):
    """Ask which objects there are."""

    prefix: str = Field(default="", max_length=1024, description="Only objects whose place in the bucket begins so.")


class ObjectList(Contract):
    """Paths of objects, in the order of their names."""

    data: list[str]
    total: int = Field(description="How many there are in all.")

    def rows(self) -> list[dict[str, Any]]:
        """One row per object."""
        return [{"path": path} for path in self.data]


class MetadataQuery(Page):
    """Ask what objects say of themselves: all of them, or one."""

    modo: ObjectName | None = None
    type: str | None = Field(
        default=None, max_length=200, description="Only elements of this type.", examples=["Sample", "DataEntity"]
    )
    text: str | None = Field(
        default=None, max_length=1000, description="Only objects that have this text in a value, in any case."
    )


class ObjectMetadata(Contract):
    """What one object says of itself."""

    meta: Metadata
    path: str


class BrokenObject(Contract):
    """An object that cannot be read, and why."""

    path: str
    reason: str


class MetadataList(Contract):
    """What objects say of themselves; those that cannot be read are told beside them."""

    data: list[ObjectMetadata]
    broken: list[BrokenObject] = []
    total: int = Field(description="How many objects fit the question, broken ones included.")

    def rows(self) -> list[dict[str, Any]]:
        """One row per element."""
        return [
            {"path": one.path, "element": name, "type": attributes.get("@type"), "name": attributes.get("name")}
            for one in self.data
            for name, attributes in one.meta.items()
        ]


class FindQuery(Contract):
    """Find objects by their place in the bucket."""

    query: str = Field(min_length=1, max_length=1024)
    fuzzy: bool = Field(default=False, description="Names that are alike too, best first.")


class FoundObject(Contract):
    """An object that was found, and how much its name is like the one that was asked for: 1 is the same letters."""

    path: str
    name: str
    score: float


class FoundObjects(Contract):
    """What was found, best first."""

    data: list[FoundObject]

    def rows(self) -> list[dict[str, Any]]:
        """One row per object."""
        return [found.model_dump() for found in self.data]


class S3PathQuery(Contract):
    """Ask where objects of a name are."""

    query: str = Field(min_length=1, max_length=1024)
    exact_match: bool = Field(default=False, description="Only the object of exactly that name.")


class ObjectPlace(Contract):
    """Where an object is, for a program that has access of its own."""

    s3_endpoint: str | None
    modo_path: str


class ObjectPlaces(Contract):
    """Places by object name, best first, as the server's `/get` means to give them."""

    data: list[dict[str, ObjectPlace]]

    def rows(self) -> list[dict[str, Any]]:
        """One row per object."""
        return [{"name": name, **place.model_dump()} for one in self.data for name, place in one.items()]


class FilesQuery(Contract):
    """Ask which files an object has."""

    modo: ObjectName


class ObjectFile(Contract):
    """A file of an object."""

    name: str = Field(description="Relative to the object.")
    size: int = Field(description="Bytes.")
    modified: datetime | None = None
    e_tag: str | None = None


class ObjectFiles(Contract):
    """All files of an object, in the order of their names."""

    path: str
    files: list[ObjectFile]

    def rows(self) -> list[dict[str, Any]]:
        """One row per file."""
        return [file.model_dump(mode="json") for file in self.files]


class ShowQuery(Contract):
    """Ask for an object, a group of its elements or one of them, as text."""

    modo: ObjectName
    element: str | None = Field(
        default=None, max_length=1024, description="A group or an element.", examples=["sample", "sample/sample1"]
    )
    format: Literal["json", "yaml", "turtle"] = "yaml"
    base_uri: str | None = Field(
        default=None, max_length=1024, description="Turtle: what names of elements are relative to."
    )


class ShownObject(Contract):
    """What was asked for, as text."""

    path: str
    text: str
    media_type: str


class ElementsQuery(Contract):
    """Ask which elements an object has."""

    modo: ObjectName
    group: str | None = Field(default=None, max_length=200, description="Only those of this group.", examples=["data"])


class ObjectElement(Contract):
    """One element: a group's member, or an array."""

    element: str = Field(examples=["sample/sample1"])
    type: str | None = None
    name: str | None = None
    node_type: Literal["group", "array"] = "group"
    data_path: str | None = None


class ObjectElements(Contract):
    """The elements of an object."""

    path: str
    elements: list[ObjectElement]

    def rows(self) -> list[dict[str, Any]]:
        """One row per element."""
        return [element.model_dump() for element in self.elements]
