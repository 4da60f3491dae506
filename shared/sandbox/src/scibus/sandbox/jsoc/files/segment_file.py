"""The file of one segment of one record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scibus.sandbox.jsoc.archive.keywords import Keyword
from scibus.sandbox.jsoc.archive.series import Record, Segment

from .fits import CardValue, fits_file
from .images import image_of

FITS_NAME = re.compile(r"^[A-Z0-9_-]{1,8}$")
NOTED_NAME = re.compile(r"^\[([A-Z0-9_-]{1,8})\]")
MISSING_INTEGER = -2_147_483_648


def segment_file(record: Record, segment: Segment) -> bytes:
    """A FITS file with the keywords of the record, or the text of a generic segment."""
    if segment.protocol != "fits":
        return f"{record.name}\n{segment.note}\n".encode("latin-1")
    return fits_file(image_of(record, segment), _cards(record, segment))


def fits_name(keyword: Keyword) -> str:
    """The keyword's name in a FITS header: that in brackets in its note, or a short form of its own."""
    noted = NOTED_NAME.match(keyword.note)
    if noted is not None:
        return noted[1]
    return keyword.name if FITS_NAME.match(keyword.name) else keyword.name.replace("_", "").upper()[:8]


def _cards(record: Record, segment: Segment) -> Iterator[tuple[str, CardValue]]:
    yield "BUNIT", segment.units
    yield "BZERO", float(segment.bzero)
    yield "BSCALE", float(segment.bscale)
    yield "RECNUM", record.recnum
    for keyword in record.series.keywords:
        if keyword.follows is None and keyword.family is None:
            yield from _keyword_cards(record, keyword)


def _keyword_cards(record: Record, keyword: Keyword) -> Iterator[tuple[str, CardValue]]:
    value = keyword.of(record)
    if keyword.name == "HISTORY":
        yield from (("HISTORY", line) for line in str(value).splitlines())
    elif value is None:
        if keyword.type == "int":
            yield fits_name(keyword), MISSING_INTEGER
    else:
        yield fits_name(keyword), keyword.print(value) if keyword.type == "time" else value
