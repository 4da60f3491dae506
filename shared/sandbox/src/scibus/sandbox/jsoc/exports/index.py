"""index.json, the answer to a finished export; every value in it is a text."""

from __future__ import annotations

from datetime import UTC, datetime

from scibus.sandbox.jsoc.cgi.printing import Json, Members, pretty

from .request import IMAGE_PROTOCOLS, NO_FILE, ExportRequest

NO_FITS_FILES = "warning=No FITS files were exported. The requested FITS files no longer exist."
MEGABYTES_A_JPEG = 0.0035


def index_json(request: ExportRequest) -> bytes:
    """The text of the file, in the form of the request's protocol."""
    if request.order.kind in IMAGE_PROTOCOLS:
        return pretty(_images(request))
    return pretty(_as_is(request) if request.order.kind == "as-is" else _fits(request))


def _as_is(request: ExportRequest) -> Members:
    order = request.order
    return Members(
        [
            ("version", "1"),
            ("requestid", request.id),
            ("method", order.method),
            ("protocol", order.protocol),
            ("wait", "0"),
            ("count", str(order.count)),
            ("size", str(order.size)),
            ("status", "0"),
            ("dir", request.directory),
            ("keywords", f"{request.directory}/{request.keywords_file}"),
            *_tar_file(request),
            ("data", _rows(request)),
        ]
    )


def _fits(request: ExportRequest) -> Members:
    order = request.order
    exported = any(file.name != NO_FILE for file in request.files)
    return Members(
        [
            ("version", "0.5"),
            ("requestid", request.id),
            ("method", order.method),
            ("protocol", order.protocol),
            ("count", str(order.count)),
            ("size", str(order.size)),
            ("exptime", f"{datetime.fromtimestamp(request.submitted, UTC):%Y.%m.%d_%H:%M:%S}_UTC"),
            ("dir", request.directory),
            ("status", "0"),
            ("keywords", "**IN FITS FILES**"),
            *_tar_file(request),
            ("data", _rows(request) if exported else [{"record": NO_FITS_FILES, "filename": ""}]),
        ]
    )


def _images(request: ExportRequest) -> Members:
    order = request.order
    keywords = ("keywords", f"{request.directory}/{request.keywords_file}")
    rows = _rows(request)
    movie: list[tuple[str, Json]] = []
    if request.movie is not None:
        movie.append(("movie name", request.movie))
        rows.insert(0, {"record": "movie of the following data", "filename": request.movie})
    return Members(
        [
            ("reqid", request.id),
            ("expversion", "0.5"),
            ("method", order.method),
            ("recordset", order.ds),
            ("protocol", order.protocol),
            ("dir", request.directory),
            ("filefmt", order.filename_format),
            ("cparms", order.protocol.partition(",")[2]),
            keywords,
            ("size", f"{MEGABYTES_A_JPEG * len(request.files):.3f}"),
            ("status", "0"),
            *movie,
            *_tar_file(request),
            keywords,
            ("data", rows),
        ]
    )


def _tar_file(request: ExportRequest) -> list[tuple[str, Json]]:
    return [("tarfile", f"{request.directory}/{request.tar_file}")] if request.tar_file else []


def _rows(request: ExportRequest) -> list[Json]:
    return [{"record": file.record_name, "filename": file.name} for file in request.files]
