"""What is wired to what: each operation of `Drms` and the DRMS server that answers it."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module

from scibus.bus.blobs import Blobs
from scibus.contracts import Table
from scibus.contracts.drms import (
    AddressCheck,
    AddressQuery,
    Drms,
    ExportedFiles,
    ExportOrder,
    ExportRequest,
    ExportState,
    ExportStatusQuery,
    ExternalSeriesList,
    ExternalSeriesQuery,
    RecordCount,
    RecordList,
    RecordSetQuery,
    RecordSetSummaryQuery,
    SeriesList,
    SeriesQuery,
    SeriesStructure,
    SeriesStructureQuery,
    TableQuery,
)
from scibus.drms.archives import Archives
from scibus.drms.exports.cancelling import cancel_export
from scibus.drms.exports.delivery import Delivery
from scibus.drms.exports.exporting import Exporting
from scibus.drms.exports.journal import ExportJournal, noted_order
from scibus.drms.settings import DrmsSettings
from scibus.runtime import Job, Metrics, Worker
from scibus.runtime.http import HttpCalls


async def open_archives(settings: DrmsSettings, metrics: Metrics) -> AsyncIterator[Archives]:
    """The DRMS servers that the settings name."""
    archives = Archives(settings, HttpCalls(metrics))
    try:
        yield archives
    finally:
        await archives.close()


worker = Worker(Drms, DrmsSettings, resources=[open_archives])


@worker.handles(Drms.check_address)
async def check_address(query: AddressQuery, archives: Archives) -> AddressCheck:
    return await archives.choose(query).check_address(query)


@worker.handles(Drms.exp_request)
async def exp_request(order: ExportRequest, archives: Archives) -> ExportState:
    return await archives.choose(order).exp_request(order)


@worker.handles(Drms.exp_status)
async def exp_status(query: ExportStatusQuery, archives: Archives) -> ExportState:
    return await archives.choose(query).exp_status(query.requestid)


@worker.handles(Drms.export)
async def export(order: ExportOrder, job: Job, archives: Archives, blobs: Blobs) -> ExportedFiles:
    jsoc = archives.choose(order)
    journal = await ExportJournal.open(job, blobs)
    async with journal.turn(order, jsoc.server.name):
        finished = await Exporting(jsoc, order, journal).finished()
    return await Delivery(jsoc.files, journal, job, blobs).of(finished)


@worker.cancels(Drms.export)
async def cancel(order: ExportOrder, job: Job, archives: Archives) -> None:
    await cancel_export(archives.choose(order), order, noted_order(job))


@worker.handles(Drms.rs_list)
async def rs_list(query: RecordSetQuery, archives: Archives) -> RecordList:
    return await archives.choose(query).rs_list(query)


@worker.handles(Drms.rs_summary)
async def rs_summary(query: RecordSetSummaryQuery, archives: Archives) -> RecordCount:
    return await archives.choose(query).count(query.ds)


@worker.handles(Drms.series_struct)
async def series_struct(query: SeriesStructureQuery, archives: Archives) -> SeriesStructure:
    return await archives.choose(query).series_struct(query.ds)


@worker.handles(Drms.show_series)
async def show_series(query: SeriesQuery, archives: Archives) -> SeriesList:
    return await archives.choose(query).show_series(query.ds_filter)


@worker.handles(Drms.show_series_wrapper)
async def show_series_wrapper(query: ExternalSeriesQuery, archives: Archives) -> ExternalSeriesList:
    return await archives.choose(query).show_series_wrapper(query.ds_filter, query.info)


@worker.handles(Drms.query)
async def query(query: TableQuery, archives: Archives) -> Table:
    # Arrow takes 40 MiB and half a second: only where somebody asks for a table, and not on the loop.
    queries = await asyncio.to_thread(import_module, "scibus.drms.queries")
    table: Table = await queries.query_table(archives.choose(query), query)
    return table
