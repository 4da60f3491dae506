"""Whether an export is what was ordered."""

import re

from scibus.contracts.drms import ExportRequest, ExportState, RecordSetQuery
from scibus.drms.answers import integer
from scibus.drms.files.listing import record_of
from scibus.drms.jsoc import Jsoc, series_name
from scibus.drms.orders import sent_method

_PROCESSED = re.compile(r"_mod(?=\[|$)")
NO_IMAGE = 0x80000000
"""Bit of QUALITY that a record without an image has; JSOC leaves such records out."""


async def belongs(jsoc: Jsoc, request: ExportRequest, export: ExportState) -> bool:
    """Whether the finished `export` came of `request`: the same records, in the same form."""
    if (export.method or "").lower() != sent_method(request) or _kind(export.protocol) != _kind(request.protocol):
        return False
    found = {_plain(record) for row in export.data if (record := record_of(row))}
    if not found or bool(request.process) is not _is_processed(export):
        return False
    listed = await jsoc.rs_list(RecordSetQuery(ds=request.ds, key="QUALITY", recinfo=True))
    ordered = {_plain(record.name) for record in listed.recinfo}
    if request.n:
        return found <= ordered and len(found) <= abs(request.n)
    with_image = {
        _plain(record.name)
        for record, quality in zip(listed.recinfo, listed.keywords[0].values, strict=True)
        if not (integer(quality) or 0) & NO_IMAGE
    }
    return with_image <= found <= ordered


def ignores_processing(request: ExportRequest, export: ExportState) -> bool:
    """Whether JSOC exported records of the series itself, although they were to be processed."""
    if not request.process:
        return False
    series = series_name(request.ds)
    return any(series_name(record) == series for row in export.data if (record := record_of(row)))


def _is_processed(export: ExportState) -> bool:
    return any(_PROCESSED.search(record) for row in export.data if (record := record_of(row)))


def _plain(record: str) -> str:
    """A record's name without its segments, and without what processing adds to the series."""
    return _PROCESSED.sub("", record.partition("{")[0], count=1).strip().lower()


def _kind(protocol: str | None) -> str:
    return (protocol or "").partition(",")[0].strip().lower()
