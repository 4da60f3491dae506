"""JSOC DRMS: record sets, series and exports. Facts: JSOC-SDP/drms (jsoc_info.c, jsoc_fetch.c) and sunpy/drms."""

from scibus.contracts.drms.exported import ExportedFile, ExportedFiles, MissingFile
from scibus.contracts.drms.exports import (
    AddressCheck,
    AddressQuery,
    ExportFile,
    ExportState,
    ExportStatusQuery,
)
from scibus.contracts.drms.images import ImageOptions
from scibus.contracts.drms.orders import ExportOrder, ExportRequest
from scibus.contracts.drms.records import (
    KeywordValues,
    LinkValues,
    RecordCount,
    RecordInfo,
    RecordList,
    RecordSetQuery,
    RecordSetSummaryQuery,
    SegmentValues,
    TableQuery,
)
from scibus.contracts.drms.series import (
    ExternalSeries,
    ExternalSeriesList,
    ExternalSeriesQuery,
    KeywordInfo,
    LinkInfo,
    PrimeKeyInfo,
    RecordInterval,
    SegmentInfo,
    SeriesEntry,
    SeriesList,
    SeriesQuery,
    SeriesStructure,
    SeriesStructureQuery,
)
from scibus.contracts.operations import Service, job, request, table


class Drms(Service):
    """JSOC DRMS, the Stanford archive of HMI, AIA and MDI."""

    check_address = request(AddressQuery, AddressCheck, summary="Tell whether an e-mail address may order exports")
    exp_request = request(ExportRequest, ExportState, summary="Order an export and return JSOC's ticket at once")
    exp_status = request(ExportStatusQuery, ExportState, summary="Ask JSOC how an export stands")
    export = job(ExportOrder, ExportedFiles, summary="Export a record set and fetch its files", attempts=8)
    rs_list = request(RecordSetQuery, RecordList, summary="List keywords, segments and links of a record set")
    rs_summary = request(RecordSetSummaryQuery, RecordCount, summary="Count the records of a record set")
    series_struct = request(
        SeriesStructureQuery, SeriesStructure, summary="Describe the keywords, segments and links of a series"
    )
    show_series = request(SeriesQuery, SeriesList, summary="List the series of the server itself")
    show_series_wrapper = request(
        ExternalSeriesQuery, ExternalSeriesList, summary="List all series, also those of JSOC's internal database"
    )
    query = table(TableQuery, summary="Values of a record set as a typed table, however many records there are")


__all__ = [
    "AddressCheck",
    "AddressQuery",
    "Drms",
    "ExportFile",
    "ExportOrder",
    "ExportRequest",
    "ExportState",
    "ExportStatusQuery",
    "ExportedFile",
    "ExportedFiles",
    "ExternalSeries",
    "ExternalSeriesList",
    "ExternalSeriesQuery",
    "ImageOptions",
    "KeywordInfo",
    "KeywordValues",
    "LinkInfo",
    "LinkValues",
    "MissingFile",
    "PrimeKeyInfo",
    "RecordCount",
    "RecordInfo",
    "RecordInterval",
    "RecordList",
    "RecordSetQuery",
    "RecordSetSummaryQuery",
    "SegmentInfo",
    "SegmentValues",
    "SeriesEntry",
    "SeriesList",
    "SeriesQuery",
    "SeriesStructure",
    "SeriesStructureQuery",
    "TableQuery",
]
