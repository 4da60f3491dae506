"""The keywords between asterisks: what DRMS knows of a record itself and of its storage unit."""

from __future__ import annotations

from collections.abc import Callable

from scibus.sandbox.jsoc.archive.series import Record
from scibus.sandbox.jsoc.archive.storage import directory_of, unit_of
from scibus.sandbox.jsoc.archive.times import DAY, iso_text

from .printing import Json

NOT_APPLICABLE = "NA"
# Two days after 2026.01.01_TAI, when the newest record was written.
WRITTEN = 49 * 365.25 * DAY + 2 * DAY


def _recnum(record: Record) -> Json:
    return record.recnum


def _sunum(record: Record) -> Json:
    return unit_of(record).sunum if record.has_image else -1


def _size(record: Record) -> Json:
    return str(unit_of(record).size) if record.has_image else NOT_APPLICABLE


def _online(record: Record) -> Json:
    if not record.has_image:
        return NOT_APPLICABLE
    return "Y" if record.online else "N"


def _retain(record: Record) -> Json:
    if not record.online:
        return "N/A"
    return iso_text(WRITTEN + record.series.retention * DAY)[:10].replace("-", ".") if record.has_image else "NA"


def _archive(record: Record) -> Json:
    return "Pending" if record.ordinal == len(record.series) - 1 else "Y"


def directory(record: Record) -> str:
    return directory_of(record) if record.has_image and record.online else "NoDataDirectory"


def _log_directory(record: Record) -> Json:
    return f"{unit_of(record).path}/log" if record.has_image and record.online else "NO LOG"


def _modified(record: Record) -> Json:
    return iso_text(WRITTEN)[:16].replace("T", "_") if record.has_image and record.online else NOT_APPLICABLE


def _specification(record: Record) -> Json:
    return record.name


PSEUDO_KEYWORDS: dict[str, Callable[[Record], Json]] = {
    "*recnum*": _recnum,
    "*sunum*": _sunum,
    "*size*": _size,
    "*online*": _online,
    "*retain*": _retain,
    "*archive*": _archive,
    "*recdir*": directory,
    "*dirmtime*": _modified,
    "*logdir*": _log_directory,
    "*spec*": _specification,
}
