"""Columns of a typed table: each keyword's text becomes the type that the series declares for it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import pyarrow as pa

from scibus.contracts.drms import KeywordInfo, RecordList, SegmentInfo, SeriesStructure, TableQuery
from scibus.contracts.problems import BadBackendAnswer
from scibus.drms.times import parse_time, utc_microseconds

ABSENT = frozenset({"MISSING", "Invalid KeyLink"})
ABSENT_SEGMENT = ABSENT | {"InvalidSegName", "BadSegLink", "NoDataDirectory"}
ABSENT_LINK = ABSENT | {"Invalid_Link"}
NOT_APPLICABLE = ABSENT | {"NA", "N/A"}
NUMERIC_PSEUDO = ("*recnum*", "*sunum*", "*size*")
INTEGERS = ("char", "short", "int", "longlong")
REALS = ("float", "double")
RECORD = "record"
_SEGMENT_NUMBER = re.compile(r"(\[\d+\]|_\d{3})$")
_WHOLE = re.compile(r"\.0*$")

Convert = Callable[[Sequence[Any]], "pa.Array"]


@dataclass(frozen=True)
class Column:
    """One column to be: where its values come from, and what they become."""

    field: pa.Field
    source: str
    position: int
    convert: Convert


class TableShape:
    """The columns of a query's table, decided once so that all its record batches agree.

    Args:
        query: what is asked.
        structure: what the series is made of.
        first: the first records, from which it shows which integers are printed in hexadecimal.
    """

    def __init__(self, query: TableQuery, structure: SeriesStructure, first: RecordList) -> None:
        self._columns = list(_plan(query, structure, first))
        index = {b"scibus.index": RECORD.encode()} if query.rec_index else None
        self.schema = pa.schema([column.field for column in self._columns], metadata=index)

    def batch(self, records: RecordList) -> pa.RecordBatch:
        """`records` in the types of this table.

        Raises:
            BadBackendAnswer: a value does not fit the type of its column.
        """
        arrays = [self._array(column, records) for column in self._columns]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(self, column: Column, records: RecordList) -> pa.Array:
        try:
            if column.source == RECORD:
                return column.convert([info.name for info in records.recinfo])
            listed: Sequence[Any] = getattr(records, column.source)
            return column.convert(listed[column.position].values)
        except (ValueError, OverflowError, pa.ArrowInvalid, IndexError) as error:
            raise BadBackendAnswer(f"a value of {column.field.name} is no {column.field.type}: {error}") from error


def _plan(query: TableQuery, structure: SeriesStructure, first: RecordList) -> Iterator[Column]:
    taken: set[str] = set()

    def name(wanted: str, kind: str) -> str:
        """`wanted`, told apart from the columns before it."""
        unique = next(
            candidate
            for candidate in chain([wanted, f"{kind}:{wanted}"], (f"{kind}:{wanted}:{i}" for i in count(2)))
            if candidate not in taken
        )
        taken.add(unique)
        return unique

    if query.rec_index:
        yield Column(pa.field(name(RECORD, RECORD), pa.string()), RECORD, 0, _texts(ABSENT))
    keywords = {keyword.name.lower(): keyword for keyword in structure.keywords}
    for i, listed in enumerate(first.keywords):
        info = _described(listed.name, keywords)
        kind, convert = _keyword_type(info, listed.values)
        metadata = _metadata(info.units, info.note)
        yield Column(pa.field(name(listed.name, "keyword"), kind, metadata=metadata), "keywords", i, convert)
        if query.utc and info.type == "time":
            field = pa.field(name(f"{listed.name}_utc", "keyword"), pa.timestamp("us", "UTC"))
            yield Column(field, "keywords", i, _utc(info.units))
    segments = {segment.name.lower(): segment for segment in structure.segments}
    for i, listed_segment in enumerate(first.segments):
        segment = segments.get(listed_segment.name.lower(), SegmentInfo(name=listed_segment.name))
        field = pa.field(name(listed_segment.name, "segment"), pa.string(), metadata=_metadata(None, segment.note))
        yield Column(field, "segments", i, _texts(ABSENT_SEGMENT))
    for i, listed_link in enumerate(first.links):
        yield Column(pa.field(name(listed_link.name, "link"), pa.string()), "links", i, _texts(ABSENT_LINK))


def _described(name: str, keywords: Mapping[str, KeywordInfo]) -> KeywordInfo:
    """What the series says of a keyword. One that each segment has is described once, and listed with a number."""
    found = keywords.get(name.lower()) or keywords.get(_SEGMENT_NUMBER.sub("", name.lower()))
    return found or KeywordInfo(name=name, type="string")


def _keyword_type(info: KeywordInfo, values: Sequence[Any]) -> tuple[pa.DataType, Convert]:
    if info.name.lower() in NUMERIC_PSEUDO:
        return pa.int64(), _integers(pa.int64(), NOT_APPLICABLE)
    if info.type in INTEGERS:
        kind = _integer_type(info, values)
        return kind, _integers(kind, ABSENT)
    if info.type in REALS:
        return pa.float64(), _reals
    return pa.string(), _texts(ABSENT)


def _integer_type(info: KeywordInfo, values: Sequence[Any]) -> pa.DataType:
    """Printed in hexadecimal, a keyword is a set of bits: unsigned."""
    shown = next((value for value in values if value not in ABSENT), info.defval or "")
    if not str(shown).lower().startswith("0x"):
        return pa.int64()
    return pa.uint64() if info.type == "longlong" else pa.uint32()


def _integers(kind: pa.DataType, absent: frozenset[str]) -> Convert:
    def convert(values: Sequence[Any]) -> pa.Array:
        return pa.array([None if value in absent else _integer(value) for value in values], type=kind)

    return convert


def _integer(value: Any) -> int:
    if isinstance(value, int):
        return value
    text = value.strip()
    return int(text, 16) if text[:2].lower() == "0x" else int(_WHOLE.sub("", text))


def _reals(values: Sequence[Any]) -> pa.Array:
    return pa.array([None if value in ABSENT else float(value) for value in values], type=pa.float64())


def _texts(absent: frozenset[str]) -> Convert:
    def convert(values: Sequence[Any]) -> pa.Array:
        return pa.array([None if value in absent else str(value) for value in values], type=pa.string())

    return convert


def _utc(units: str | None) -> Convert:
    zone = units if units and units.upper() in ("TAI", "UTC", "UT", "TDT", "TT", "ISO", "Z") else "UTC"

    def convert(values: Sequence[Any]) -> pa.Array:
        return pa.array([_instant(value, zone) for value in values], type=pa.timestamp("us", "UTC"))

    return convert


def _instant(value: str, zone: str) -> int | None:
    """None also for what is no time, as DRMS's own -4712.01.01 for a missing one: the column beside tells the text."""
    try:
        return None if value in ABSENT else utc_microseconds(parse_time(value, zone))
    except ValueError:
        return None


def _metadata(units: str | None, note: str | None) -> dict[str, str] | None:
    told = {name: text for name, text in (("units", units), ("note", note)) if text and text != "none"}
    return told or None
