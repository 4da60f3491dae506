"""What a finished export lists: the files to fetch, and the rows that have none."""

from typing import NamedTuple

from scibus.contracts.drms import ExportFile, ExportState, MissingFile
from scibus.drms.files.filenames import name_of_record, safe_name

MOVIE = "movie of the following data"
WARNING = "warning="
NO_FILE = ("", "nodatafile")


class WantedFile(NamedTuple):
    """A file to fetch: whose it is, what it shall be called, and where it lies on the server."""

    record: str | None
    filename: str
    path: str


def listed(export: ExportState) -> tuple[list[WantedFile], list[MissingFile]]:
    """The files that `export` lists, and the rows without a file."""
    if export.tarfile and (export.method or "").lower().endswith("-tar"):
        return [_tar(export, export.tarfile)], [lost for row in export.data if (lost := _lost(row))]
    files, missing = [], []
    for row in export.data:
        if lost := _lost(row):
            missing.append(lost)
        else:
            files.append(_file(row, export.dir))
    return files, missing


def record_of(row: ExportFile) -> str | None:
    """The record that a row is about; None for a movie, and for a row that only tells something."""
    return None if row.record == MOVIE or row.record.startswith(WARNING) else row.record


def _lost(row: ExportFile) -> MissingFile | None:
    if row.filename.strip().lower() not in NO_FILE:
        return None
    if row.record.startswith(WARNING):
        return MissingFile(record=None, reason=row.record.removeprefix(WARNING))
    return MissingFile(record=record_of(row), reason="the archive has no file for this record")


def _file(row: ExportFile, folder: str | None) -> WantedFile:
    if folder:
        return WantedFile(record_of(row), safe_name(row.filename), f"{folder}/{row.filename}")
    return WantedFile(record_of(row), name_of_record(row.record, row.filename), row.filename)


def _tar(export: ExportState, path: str) -> WantedFile:
    """The tar of images is called `.tar` in the index."""
    name = safe_name(path)
    return WantedFile(None, f"{export.requestid}.tar" if name == ".tar" else name, path)
