"""jsoc_info, op=rs_list: the values of a record set, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import repeat

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.archive.keywords import Keyword
from scibus.sandbox.jsoc.archive.series import Record, Segment, Series
from scibus.sandbox.jsoc.archive.storage import file_name

from .printing import Json
from .pseudo_keywords import PSEUDO_KEYWORDS, directory

ALL = "**ALL**"
NONE = "**NONE**"


def listing(archive: Archive, series: Series, records: list[Record], arguments: dict[str, str]) -> dict[str, Json]:
    """The members of the answer up to `count`; without records there is only that."""
    if not records:
        return {"count": 0}
    keys = _names(arguments.get("key"), [keyword.name for keyword in series.keywords])
    segments = _names(arguments.get("seg"), [segment.name for segment in series.segments])
    links = _names(arguments.get("link"), [link.name for link in series.links])
    columns = [_segment_column(archive, series, name, records) for name in segments]
    listed: dict[str, Json] = {
        "keywords": [{"name": name, "values": _keyword_column(archive, series, name, records)} for name in keys],
        "segments": [asdict(column) for column in columns],
        "links": [{"name": name, "values": _link_column(archive, series, name, records)} for name in links],
        "count": len(records),
    }
    if arguments.get("R") == "1":
        known = [column.values for column in columns if series.segment(column.name) is not None]
        return {"recinfo": _record_info(records, known[-1] if known else []), **listed}
    return listed


def _names(asked: str | None, everything: list[str]) -> list[str]:
    if asked == ALL:
        return everything
    if asked is None or asked == NONE:
        return []
    return [name.strip() for name in asked.split(",") if name.strip()]


def _keyword_column(archive: Archive, series: Series, name: str, records: list[Record]) -> list[Json]:
    pseudo = PSEUDO_KEYWORDS.get(name.lower())
    if pseudo is not None:
        return [pseudo(record) for record in records]
    keyword = series.keyword(name)
    if keyword is None:
        return ["Invalid KeyLink"] * len(records)
    if keyword.follows is not None:
        return [_followed_text(archive, record, keyword) for record in records]
    return [keyword.text(record) for record in records]


def _followed_text(archive: Archive, record: Record, keyword: Keyword) -> str:
    link = record.series.link((keyword.follows or "").partition("->")[0])
    linked = archive.linked_record(link, record) if link is not None else None
    followed = archive.keyword(record.series, keyword)
    return "Invalid KeyLink" if linked is None or followed is None else followed.text(linked)


@dataclass
class SegmentColumn:
    """One segment of every record; the packing is listed only for files that exist, so its lists may be shorter."""

    name: str
    values: list[str] = field(default_factory=list)
    dims: list[str] = field(default_factory=list)
    cparms: list[str] = field(default_factory=list)
    bzeros: list[str] = field(default_factory=list)
    bscales: list[str] = field(default_factory=list)

    def add(self, path: str, dims: str) -> None:
        self.values.append(path)
        self.dims.append(dims)

    def add_packing(self, segment: Segment) -> None:
        self.bzeros.append(segment.bzero)
        self.bscales.append(segment.bscale)
        if segment.cparms:
            self.cparms.append(segment.cparms)


def _segment_column(archive: Archive, series: Series, name: str, records: list[Record]) -> SegmentColumn:
    column = SegmentColumn(name)
    segment = series.segment(name)
    for record in records:
        _add_segment(column, archive, record, segment)
    return column


def _add_segment(column: SegmentColumn, archive: Archive, record: Record, segment: Segment | None) -> None:
    if segment is None:
        column.add("InvalidSegName", "NA")
        return
    followed = archive.segment(record, segment)
    if followed is None:
        column.add("BadSegLink", "NA")
        return
    owner, own = followed
    path = directory(owner)
    if not path.startswith("/SUM"):
        column.add(path, own.dims)
        return
    column.add(f"{path}/{file_name(own)}", own.dims)
    column.add_packing(own)


def _link_column(archive: Archive, series: Series, name: str, records: list[Record]) -> list[Json]:
    link = series.link(name)
    if link is None:
        return ["Invalid_Link"] * len(records)
    linked = [archive.linked_record(link, record) for record in records]
    if link.kind == "STATIC":
        return [f"{one.series.name}[:#{one.recnum}]" if one else "Invalid_Link" for one in linked]
    return [one.name if one else "Invalid_Link" for one in linked]


def _record_info(records: list[Record], paths: Sequence[str]) -> list[Json]:
    """Name of each record; online when its last listed file lies in a storage unit, hence never without a segment."""
    places = paths or repeat("", len(records))
    return [
        {"name": record.name, "online": int(path.startswith("/SUM"))}
        for record, path in zip(records, places, strict=True)
    ]
