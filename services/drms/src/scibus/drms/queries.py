"""Queries for typed tables: from one answer where it holds all records, else piece by piece, split by time."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence

import pyarrow as pa

from scibus.bus.tables import ArrowTable, StreamedTable
from scibus.contracts.drms import (
    KeywordInfo,
    KeywordValues,
    LinkInfo,
    LinkValues,
    RecordList,
    RecordSetQuery,
    SegmentInfo,
    SegmentValues,
    SeriesStructure,
    TableQuery,
)
from scibus.contracts.model import split_names
from scibus.contracts.problems import BackendUnavailable, TooLarge
from scibus.contracts.tables import Table
from scibus.drms.columns import TableShape
from scibus.drms.jsoc import Jsoc
from scibus.drms.reading import EVERY, NONE
from scibus.drms.recordsets import SplittableSet, Window, splittable, unsplittable

FILL = 0.8
"""Share of an answer's records that a piece is meant to have, so that uneven archives seldom need another cut."""


async def query_table(jsoc: Jsoc, query: TableQuery) -> Table:
    """Values of a record set as a typed table.

    Raises:
        NotFound: the series does not exist.
        InvalidRequest: JSOC cannot parse the record set.
        TooLarge: there are more records than one answer holds, and the record set cannot be split by time.
    """
    structure = await jsoc.series_struct(query.ds)
    limit = jsoc.records_per_answer
    if query.n and abs(query.n) <= limit:
        few = await jsoc.rs_list(_listing(query, query.ds, query.n))
        return await asyncio.to_thread(_table, query, structure, few)
    first = await jsoc.rs_list(_listing(query, query.ds, limit + 1))
    if first.count <= limit:
        return await asyncio.to_thread(_table, query, structure, first)
    pieces = await _pieces(jsoc, query, structure)
    total = await jsoc.rs_summary(query.ds)
    shape = TableShape(query, structure, first)
    return StreamedTable(shape.schema, _batches(jsoc, query, shape, pieces, total))


async def _pieces(jsoc: Jsoc, query: TableQuery, structure: SeriesStructure) -> SplittableSet:
    """The record set, ready to be split; a query without times gets those of its own first and last record."""
    pieces = splittable(query.ds, structure)
    if pieces.position and query.n:
        raise unsplittable(f"n counts records in order of {structure.primekeys[0]}")
    if pieces.windows:
        return pieces
    if pieces.position:
        # Not in order of time: what the series tells has to do, and the count says whether it did.
        ends = [_value(record, pieces.position) for record in _interval(structure)]
    else:
        asked = [RecordSetQuery(server=query.server, ds=query.ds, key=pieces.time, n=n) for n in (1, -1)]
        ends = [str((await jsoc.rs_list(one)).keywords[0].values[0]) for one in asked]
    return pieces.between(*ends)


def _interval(structure: SeriesStructure) -> tuple[str, str]:
    return structure.Interval.FirstRecord or "", structure.Interval.LastRecord or ""


def _value(record: str, position: int) -> str:
    values = re.findall(r"\[([^\]]*)\]", record)
    return str(values[position]) if position < len(values) else ""


def _table(query: TableQuery, structure: SeriesStructure, records: RecordList) -> ArrowTable:
    if not records.count:
        records = _no_records(query, structure)
    shape = TableShape(query, structure, records)
    return ArrowTable(pa.Table.from_batches([shape.batch(records)], schema=shape.schema))


def _no_records(query: TableQuery, structure: SeriesStructure) -> RecordList:
    """The columns that were asked for, without values: of an empty record set JSOC tells nothing but that."""

    def named(asked: Sequence[str] | str, there: Sequence[KeywordInfo | SegmentInfo | LinkInfo]) -> Iterator[str]:
        for name in split_names(asked):
            yield from [item.name for item in there] if name == EVERY else [] if name == NONE else [name]

    return RecordList(
        count=0,
        keywords=[KeywordValues(name=name, values=[]) for name in named(query.key, structure.keywords)],
        segments=[SegmentValues(name=name, values=[]) for name in named(query.seg, structure.segments)],
        links=[LinkValues(name=name, values=[]) for name in named(query.link, structure.links)],
    )


def _listing(query: TableQuery, ds: str, n: int) -> RecordSetQuery:
    return RecordSetQuery(
        server=query.server, ds=ds, key=query.key, seg=query.seg, link=query.link, n=n, recinfo=query.rec_index
    )


async def _batches(
    jsoc: Jsoc, query: TableQuery, shape: TableShape, pieces: SplittableSet, total: int
) -> AsyncIterator[pa.RecordBatch]:
    skip, wanted = _share(query.n, total)
    taken = 0
    async for records in _records(jsoc, query, pieces, total):
        whole = await asyncio.to_thread(shape.batch, records)
        batch = whole.slice(min(skip, records.count))
        skip = max(skip - records.count, 0)
        if query.n:
            batch = batch.slice(0, wanted - taken)
        taken += batch.num_rows
        if batch.num_rows:
            yield batch
        if query.n and taken == wanted:
            break
    if taken != wanted:
        raise BackendUnavailable(
            f"the pieces have {taken} records where the record set has {wanted}: it changed while it was read, or has "
            "records outside the times that its series tells; name a range of times"
        )


def _share(n: int | None, total: int) -> tuple[int, int]:
    """How many records to skip, and how many to take: the first n, or the last |n| when negative."""
    if not n:
        return 0, total
    return (0, min(n, total)) if n > 0 else (max(total + n, 0), min(-n, total))


async def _records(jsoc: Jsoc, query: TableQuery, pieces: SplittableSet, total: int) -> AsyncIterator[RecordList]:
    """The records window by window; a window that turns out too full is halved and asked for again."""
    limit = jsoc.records_per_answer
    ahead = list(_cut(pieces.windows, total, limit))[::-1]
    while ahead:
        window = ahead.pop()
        records = await jsoc.rs_list(_listing(query, pieces.within(window), limit + 1))
        if records.count <= limit:
            if records.count:
                yield records
        elif window.slots > 1:
            ahead += window.split(2)[::-1]
        else:
            raise TooLarge(f"there are more than {limit} records at {window}: narrow the record set")


def _cut(windows: Sequence[Window], total: int, limit: int) -> Iterator[Window]:
    slots = sum(window.slots for window in windows)
    parts = -(-total // max(int(limit * FILL), 1))
    for window in windows:
        yield from window.split(-(-parts * window.slots // max(slots, 1)))
