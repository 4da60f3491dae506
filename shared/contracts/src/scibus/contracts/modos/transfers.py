"""Whole objects, into and out of the object store."""

from typing import Any, Self

from pydantic import Field, model_validator

from scibus.contracts.blobs import BlobRef
from scibus.contracts.model import Contract
from scibus.contracts.modos.paths import FileName, ObjectName, ObjectPath

CHECKSUM = "MD5 over the bytes of all files in the order of their names, as the published client reckons it."


class DownloadOrder(Contract):
    """Which object to fetch, and which of its files; none named: all of them."""

    modo: ObjectName
    files: list[FileName] = []


class TransferredFile(Contract):
    """A file of an object, whole and checked."""

    name: str
    size: int = Field(ge=0, description="Bytes.")
    sha256: str = Field(description="SHA-256 of the bytes, lower-case hex.")
    e_tag: str | None = Field(default=None, description="Entity tag in the object store.")
    blob: BlobRef


class TransferredObject(Contract):
    """An object as it was fetched or stored, with its files in the order of their names."""

    path: str
    files: list[TransferredFile]
    checksum: str | None = Field(default=None, description=CHECKSUM)

    def rows(self) -> list[dict[str, Any]]:
        """One row per file."""
        return [file.model_dump(include={"name", "size", "sha256", "e_tag"}) for file in self.files]


class UploadFile(Contract):
    """A file to be stored, and where its content is."""

    name: FileName
    blob: BlobRef


class UploadOrder(Contract):
    """Which files make up which object. What the object has besides them stays."""

    path: ObjectPath
    files: list[UploadFile] = Field(min_length=1, max_length=100_000)
    overwrite: bool = Field(default=False, description="Replace files of the object that differ.")

    @model_validator(mode="after")
    def each_file_once(self) -> Self:
        """Two contents of one file would race."""
        names = [file.name for file in self.files]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"the file {twice!r} is named twice")
        return self
