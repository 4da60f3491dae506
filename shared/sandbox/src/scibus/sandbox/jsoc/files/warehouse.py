"""The file at a path below /SUMn: of a storage unit, or of an export."""

from __future__ import annotations

import io
import tarfile
from base64 import b64decode

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.archive.storage import UNIT_PATH, StorageUnit, file_name
from scibus.sandbox.jsoc.archive.times import parse_time, unix_time
from scibus.sandbox.jsoc.exports.book import ExportBook
from scibus.sandbox.jsoc.exports.index import index_json
from scibus.sandbox.jsoc.exports.request import NO_FILE, ExportedFile, ExportRequest
from scibus.sandbox.standin import ServedFile

from .segment_file import segment_file

CONTENT_TYPES = {
    "fits": "application/fits",
    "txt": "text/plain",
    "tar": "application/x-tar",
    "json": "application/json",
    "jpg": "image/jpeg",
    "mpg": "video/mpeg",
    "mp4": "video/mp4",
}
MADE = unix_time(parse_time("2026-01-03T00:00:00Z"))

# A grey pixel; what the image shows does not matter, that it is a JPEG does.
JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////"
    "////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA="
)
MPEG = b"\x00\x00\x01\xba\x00\x00\x01\xb9"


class Warehouse:
    """All files there are, made when asked for."""

    def __init__(self, archive: Archive, book: ExportBook) -> None:
        self._archive = archive
        self._book = book

    def file(self, path: str) -> ServedFile | None:
        """The file at `path`, None when there is none or it is on tape."""
        match = UNIT_PATH.match(path)
        if match is None or match["file"] is None:
            return None
        content = self._content(int(match["sunum"]), int(match["slot"]), match["file"])
        if content is None:
            return None
        return ServedFile(content, CONTENT_TYPES.get(path.rpartition(".")[2], "application/octet-stream"), MADE)

    def _content(self, sunum: int, slot: int, name: str) -> bytes | None:
        request = self._book.at(sunum)
        if request is not None:
            return _of_export(request, name) if self._book.state(request) == "done" else None
        unit = self._archive.storage_unit(sunum)
        return _of_unit(unit, slot, name) if unit is not None else None


def _of_unit(unit: StorageUnit, slot: int, name: str) -> bytes | None:
    if slot >= len(unit.records):
        return None
    record = unit.series.record(unit.records[slot])
    segment = next((one for one in unit.series.segments if one.follows is None and file_name(one) == name), None)
    if segment is None or not (record.has_image and record.online):
        return None
    return segment_file(record, segment)


def _of_export(request: ExportRequest, name: str) -> bytes | None:
    if name == "index.json":
        return index_json(request)
    if name == request.keywords_file:
        return _keywords(request)
    if name == request.tar_file:
        return _tar(request)
    if name == request.movie:
        return MPEG
    file = next((file for file in request.files if file.name == name != NO_FILE), None)
    return _exported(file) if file is not None else None


def _exported(file: ExportedFile) -> bytes:
    return JPEG if file.name.endswith(".jpg") else segment_file(file.record, file.segment)


def _keywords(request: ExportRequest) -> bytes:
    """One line a record: its name and the values of its keywords."""
    keywords = request.order.records.series.keywords
    lines = ["\t".join(("record", *(keyword.name for keyword in keywords)))]
    for record in request.order.records:
        texts = (keyword.text(record).replace("\n", " ") for keyword in keywords)
        lines.append("\t".join((record.name, *texts)))
    return ("\n".join(lines) + "\n").encode("latin-1", "replace")


def _tar(request: ExportRequest) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in request.files:
            if file.name != NO_FILE:
                _add(tar, file.name, _exported(file))
        _add(tar, request.keywords_file, _keywords(request))
        _add(tar, "index.json", index_json(request))
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mtime = int(MADE)
    tar.addfile(member, io.BytesIO(content))
