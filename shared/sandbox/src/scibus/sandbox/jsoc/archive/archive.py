"""All series by name, and what their links lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .keywords import Keyword
from .series import Link, Record, Segment, Series
from .storage import UNITS_PER_SERIES, StorageUnit


class Archive:
    """The series of one DRMS server; their names are looked up without regard to case."""

    def __init__(self, series: Iterable[Series]) -> None:
        self._series = {one.name.lower(): one for one in series}
        self._by_number = {one.number: one for one in self._series.values()}

    def __iter__(self) -> Iterator[Series]:
        return iter(sorted(self._series.values(), key=lambda series: series.name.lower()))

    def find(self, name: str) -> Series | None:
        return self._series.get(name.strip().lower())

    def storage_unit(self, sunum: int) -> StorageUnit | None:
        """The storage unit of that number, None when there is none."""
        number, index = divmod(sunum, UNITS_PER_SERIES)
        series = self._by_number.get(number)
        if series is None or index * series.unitsize >= len(series):
            return None
        return StorageUnit(series, index)

    def linked_record(self, link: Link, record: Record) -> Record | None:
        """The record that `link` leads to from `record`: the one of the same ordinal in the target."""
        target = self.find(link.target)
        if target is None or record.ordinal >= len(target):
            return None
        return target.record(record.ordinal)

    def keyword(self, series: Series, keyword: Keyword) -> Keyword | None:
        """`keyword`, or the one it follows in the linked series; None when the link leads nowhere."""
        if keyword.follows is None:
            return keyword
        target, name = self._followed(series, keyword.follows)
        return target.keyword(name) if target is not None else None

    def segment(self, record: Record, segment: Segment) -> tuple[Record, Segment] | None:
        """Where the file of `segment` really lies; None when its link leads nowhere."""
        if segment.follows is None:
            return record, segment
        link_name, _, name = segment.follows.partition("->")
        link = record.series.link(link_name)
        linked = self.linked_record(link, record) if link is not None else None
        followed = linked.series.segment(name) if linked is not None else None
        return (linked, followed) if linked is not None and followed is not None else None

    def _followed(self, series: Series, reference: str) -> tuple[Series | None, str]:
        link_name, _, name = reference.partition("->")
        link = series.link(link_name)
        return (self.find(link.target) if link is not None else None), name
