"""What an export job gives: fetched files, and what there was no file for."""

from typing import Any

from pydantic import Field

from scibus.contracts.blobs import BlobRef
from scibus.contracts.model import Contract


class ExportedFile(Contract):
    """A file that was fetched whole, and the record it was made from; a tar and a movie belong to no single record."""

    record: str | None
    filename: str
    url: str = Field(description="Where the server keeps it for some days.")
    size: int = Field(ge=0, description="Bytes.")
    sha256: str = Field(description="SHA-256 of the bytes, lower-case hex.")
    blob: BlobRef


class MissingFile(Contract):
    """A row of the export that has no file, and why."""

    record: str | None
    reason: str


class ExportedFiles(Contract):
    """A finished export. A quick order has no `requestid`."""

    requestid: str | None = None
    status: int = 0
    method: str
    protocol: str
    files: list[ExportedFile] = []
    missing: list[MissingFile] = []

    def rows(self) -> list[dict[str, Any]]:
        """One row per file, then one per record without a file."""
        columns = ("record", "filename", "size", "sha256", "url")
        found = [{**file.model_dump(include=set(columns)), "missing": None} for file in self.files]
        blank = dict.fromkeys(columns)
        return found + [{**blank, "record": lost.record, "missing": lost.reason} for lost in self.missing]
