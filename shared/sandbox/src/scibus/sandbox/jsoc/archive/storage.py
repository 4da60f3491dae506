"""Storage units: where the files of a record lie below /SUMn."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .series import Record, Segment, Series

UNITS_PER_SERIES = 100_000_000
PARTITIONS = 90
MEGABYTE = 1024 * 1024

UNIT_PATH = re.compile(r"^/SUM(?P<partition>\d+)/D(?P<sunum>\d+)(?:/S(?P<slot>\d{5})/(?P<file>[^/]+))?$")


@dataclass(frozen=True)
class StorageUnit:
    """One storage unit, which holds the files of `unitsize` records."""

    series: Series
    index: int

    @property
    def sunum(self) -> int:
        return self.series.number * UNITS_PER_SERIES + self.index

    @property
    def path(self) -> str:
        return f"/SUM{self.sunum % PARTITIONS}/D{self.sunum}"

    @property
    def size(self) -> int:
        """Octets the archive counts for it."""
        own = [segment.megabytes for segment in self.series.segments if segment.follows is None]
        return self.series.unitsize * sum(own) * MEGABYTE

    @property
    def records(self) -> range:
        """The ordinals of its records."""
        start = self.index * self.series.unitsize
        return range(start, min(start + self.series.unitsize, len(self.series)))

    @property
    def online(self) -> bool:
        return not self.series.offline(self.records.start)


def unit_of(record: Record) -> StorageUnit:
    return StorageUnit(record.series, record.ordinal // record.series.unitsize)


def directory_of(record: Record) -> str:
    """The record's own directory in its storage unit."""
    return f"{unit_of(record).path}/S{record.ordinal % record.series.unitsize:05}"


def file_path(record: Record, segment: Segment) -> str:
    return f"{directory_of(record)}/{file_name(segment)}"


def file_name(segment: Segment) -> str:
    return f"{segment.name}.{'fits' if segment.protocol == 'fits' else 'txt'}"
