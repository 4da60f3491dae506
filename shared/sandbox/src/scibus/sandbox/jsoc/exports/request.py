"""One export request and its files."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property

from scibus.sandbox.jsoc.archive.series import Record, Segment

from .filenames import file_name
from .order import Order

# Storage units of exports have numbers of their own.
FIRST_SUNUM = 1_900_000_000
PARTITION = 12
NO_FILE = "NoDataFile"
IMAGE_PROTOCOLS = ("jpg", "mpg", "mp4")


@dataclass(frozen=True)
class ExportedFile:
    """One file of an export; `name` is NoDataFile when the record has none."""

    record_name: str
    name: str
    record: Record
    segment: Segment


@dataclass
class ExportRequest:
    """One export request.

    Attributes:
        number: counts the requests of this server.
        submitted: seconds since the epoch.
        polls: how often its status was asked for.
        finished: it was told to be done, and stays so whatever is set afterwards.
    """

    id: str
    number: int
    order: Order
    submitted: float = field(default_factory=time.time)
    polls: int = 0
    cancelled: bool = False
    finished: bool = False

    @property
    def directory(self) -> str:
        return f"/SUM{PARTITION}/D{FIRST_SUNUM + self.number}/S00000"

    @property
    def keywords_file(self) -> str:
        return f"{self.id}.keywords.txt"

    @property
    def tar_file(self) -> str | None:
        """Name of the tar file; that of images lacks the request's id, as in the archive."""
        if not self.order.method.endswith("-tar"):
            return None
        return ".tar" if self.order.kind in IMAGE_PROTOCOLS else f"{self.id}.tar"

    @property
    def movie(self) -> str | None:
        kind = self.order.kind
        return f"{self.order.records.series.name}.{kind}" if kind in ("mpg", "mp4") else None

    @cached_property
    def files(self) -> list[ExportedFile]:
        """Every segment of every record, in the order of the records."""
        return [
            self._file(record, segment, position)
            for position, record in enumerate(self.order.records)
            for segment in self.order.segments
        ]

    def _file(self, record: Record, segment: Segment, position: int) -> ExportedFile:
        series, order = record.series, self.order
        record_name = record.name
        if order.kind == "as-is":
            record_name += f"{{{segment.name}}}"
        elif order.processing.changes_images:
            record_name = f"{series.name}_mod{record_name.removeprefix(series.name)}"
        if not (record.has_image and record.online):
            return ExportedFile(record_name, NO_FILE, record, segment)
        extension = self._extension(segment)
        return ExportedFile(
            record_name, file_name(order.filename_format, record, segment, position, extension), record, segment
        )

    def _extension(self, segment: Segment) -> str:
        if self.order.kind in IMAGE_PROTOCOLS:
            return "jpg"
        return "fits" if segment.protocol == "fits" else "txt"
