"""Whether an export is what was ordered."""

import re

from scibus.contracts.drms import ExportRequest, ExportState, RecordSetQuery
from scibus.contracts.model import split_names
from scibus.drms.answers import integer
from scibus.drms.files.listing import NO_FILE, record_of
from scibus.drms.jsoc import Jsoc, series_name
from scibus.drms.orders import sent_method, sent_protocol

_PROCESSED = re.compile(r"_mod(?=\[|$)")
_TOKEN = re.compile(r"\{([^}]*)\}")
JSOCS_OWN = "{seriesname}.{recnum}.{segment}"
"""The template of an order that has none."""
NO_IMAGE = 0x80000000
"""Bit of QUALITY that a record without an image has; JSOC leaves such records out."""


async def belongs(jsoc: Jsoc, request: ExportRequest, export: ExportState) -> bool:
    """Whether the finished `export` came of `request`: the same records, segments and names, in the same form.

    In doubt it did not: ordered again, JSOC answers with the export that it has made of the same order.
    """
    if (export.method or "").lower() != sent_method(request) or bool(request.process) is not _is_processed(export):
        return False
    if _form(export.protocol) != _form(sent_protocol(request)) or not _has_names_of(request, export):
        return False
    found = {_plain(record) for row in export.data if (record := record_of(row))}
    listed = await jsoc.rs_list(RecordSetQuery(ds=request.ds, key="QUALITY", recinfo=True, n=request.n))
    ordered = {_plain(record.name) for record in listed.recinfo}
    with_image = {
        _plain(record.name)
        for record, quality in zip(listed.recinfo, listed.keywords[0].values, strict=True)
        if not (integer(quality) or 0) & NO_IMAGE
    }
    return bool(found) and with_image <= found <= ordered


def ignores_processing(request: ExportRequest, export: ExportState) -> bool:
    """Whether JSOC exported records of the series itself, although they were to be processed."""
    if not request.process:
        return False
    series = series_name(request.ds)
    return any(series_name(record) == series for row in export.data if (record := record_of(row)))


def _has_names_of(request: ExportRequest, export: ExportState) -> bool:
    """Whether the files of `export` are called as `request` wants them, of the segments that it names."""
    braces = re.search(r"\{([^}]*)\}\s*$", request.ds)
    segments = [re.escape(name) for name in split_names(braces[1])] if braces else []
    one_of_them = f"(?:{'|'.join(segments)})" if segments else ".+"
    parts = _TOKEN.split(request.filenamefmt or JSOCS_OWN)
    pattern = "".join(
        re.escape(part) if i % 2 == 0 else one_of_them if part.partition(":")[0] == "segment" else ".+"
        for i, part in enumerate(parts)
    )
    rows = [row for row in export.data if record_of(row) and row.filename.lower() not in NO_FILE]
    return all(re.fullmatch(rf"{pattern}\.\w+", row.filename, re.IGNORECASE) for row in rows)


def _is_processed(export: ExportState) -> bool:
    return any(_PROCESSED.search(record) for row in export.data if (record := record_of(row)))


def _plain(record: str) -> str:
    """A record's name without its segments, and without what processing adds to the series."""
    return _PROCESSED.sub("", record.partition("{")[0], count=1).strip().lower()


def _form(protocol: str | None) -> str:
    return (protocol or "").replace(" ", "").lower()
