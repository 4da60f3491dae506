"""An order for an export, opened and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.archive.series import Record, Segment
from scibus.sandbox.jsoc.queries import RecordSet, open_record_set, parse_record_set

from .processing import Processing, processing_of

SIZE_LIMIT = 100_000
SIZE_LIMIT_TO_BE_COMPRESSED = 1_000_000
SIZE_LIMIT_DECOMPRESSED = 10_000


@dataclass(frozen=True)
class Order:
    """What is to be exported, and how.

    Attributes:
        joined: whether the query joins several subsets, which is accepted but fails in processing.
    """

    ds: str
    notify: str
    method: str
    protocol: str
    filename_format: str
    processing: Processing
    size_ratio: float
    records: RecordSet
    joined: bool = False

    @property
    def segments(self) -> list[Segment]:
        found = map(self.records.series.segment, self.records.segments)
        return [segment for segment in found if segment is not None]

    @property
    def count(self) -> int:
        """Number of files."""
        return len(self.records) * len(self.segments)

    @property
    def size(self) -> int:
        """Megabytes, as the archive counts them."""
        whole = len(self.records) * sum(segment.megabytes for segment in self.segments)
        return max(1, round(whole * self.size_ratio)) if whole else 0

    @property
    def size_limit(self) -> int:
        """Megabytes: more when data will be compressed, less when they will be decompressed."""
        compressed = any(segment.cparms for segment in self.segments)
        if "compress" in self.protocol and not compressed:
            return SIZE_LIMIT_TO_BE_COMPRESSED
        if "**NONE**" in self.protocol and compressed:
            return SIZE_LIMIT_DECOMPRESSED
        return SIZE_LIMIT

    @property
    def is_quick(self) -> bool:
        return self.method == "url_quick" and self.protocol == "as-is"

    @property
    def kind(self) -> str:
        """The protocol without its arguments, in lower case."""
        return self.protocol.partition(",")[0].lower()

    def offline(self) -> list[Record]:
        return [record for record in self.records if not record.online]

    def digest(self) -> str:
        """The same for orders that would give the same files."""
        parts = (
            self.records.series.name,
            ",".join(map(str, self.records.ordinals)),
            *(self.records.segments),
            self.filename_format,
            self.processing.text,
            self.protocol,
            self.method,
        )
        return md5("|".join(parts).encode(), usedforsecurity=False).hexdigest()


def read_order(archive: Archive, arguments: Mapping[str, str]) -> Order:
    """The order that the arguments of exp_request make.

    Raises:
        RecordSetError: its record set cannot be opened.
    """
    ds = arguments.get("ds", "")
    processing = processing_of(arguments)
    records = open_record_set(archive, ds)
    if _needs_image_filter(records, ds, arguments):
        records = records.with_images()
    return Order(
        ds=ds,
        notify=arguments.get("notify", ""),
        method=arguments.get("method", "url"),
        protocol=arguments.get("protocol", "as-is"),
        filename_format=arguments.get("filenamefmt", ""),
        processing=processing,
        size_ratio=_size_ratio(arguments.get("sizeratio", "")),
        records=records.limited(processing.n),
        joined=len(parse_record_set(ds)) > 1,
    )


def _needs_image_filter(records: RecordSet, ds: str, arguments: Mapping[str, str]) -> bool:
    has_quality = records.series.keyword("QUALITY") is not None
    return has_quality and "quality" not in ds.lower() and arguments.get("q") != "1"


def _size_ratio(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
