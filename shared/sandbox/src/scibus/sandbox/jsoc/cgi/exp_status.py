"""jsoc_fetch, op=exp_status: what has become of an order."""

from __future__ import annotations

from collections.abc import Mapping

from scibus.sandbox.jsoc.exports.book import REQUEST_ID, ExportBook, ExportSettings
from scibus.sandbox.jsoc.exports.index import index_json
from scibus.sandbox.jsoc.exports.request import ExportRequest
from scibus.sandbox.jsoc.generation import Generation
from scibus.sandbox.standin import Response

from .answers import failure, one_line

NO_USE_WAITING = 999999
CONTACT = "jsoc_help@jsoc.stanford.edu"

CANCELLED = -1
PROCESSING = 1
QUEUED = 2
FAILED = 4
NOT_FOUND = 6


class StatusDesk:
    """Tells the state of a request; every question counts as a poll."""

    def __init__(self, book: ExportBook, settings: ExportSettings, generation: Generation) -> None:
        self._book = book
        self._settings = settings
        self._generation = generation

    def exp_status(self, arguments: Mapping[str, str]) -> Response:
        asked = arguments.get("requestid", "")
        if not asked:
            return failure(FAILED, "RequestID must be provided")
        match = REQUEST_ID.search(asked)
        if match is None:
            return failure(FAILED, f"Bad RequestID '{asked}' provided.")
        request = self._book.find(match[0])
        if request is None:
            return self._unknown(match[0])
        return self._polled(request)

    def _unknown(self, request_id: str) -> Response:
        if self._generation == "old":
            return _not_found(request_id)
        return failure(FAILED, f"invalid export DRMS record for ID `%s`{request_id}")

    def _polled(self, request: ExportRequest) -> Response:
        state = self._book.state(request)
        request.polls += 1
        match state:
            case "unknown":
                return _not_found(request.id)
            case "queued":
                return one_line(_progress(request, QUEUED, self._settings.wait))
            case "processing":
                return one_line(_progress(request, PROCESSING, self._settings.wait))
            case "cancelled":
                return _ended(request, CANCELLED, "Export request was canceled.")
            case "failed":
                return _ended(request, self._settings.export_status or FAILED, self._settings.export_error)
            case _:
                request.finished = True
                return Response(index_json(request))


def _not_found(request_id: str) -> Response:
    return failure(NOT_FOUND, f"Cant locate export request: jsoc.export[{request_id}]")


def _progress(request: ExportRequest, status: int, wait: float) -> dict[str, object]:
    """The record count is always 0 here."""
    return {
        "status": status,
        "requestid": request.id,
        "method": request.order.method,
        "protocol": request.order.protocol,
        "wait": wait,
        "rcount": 0,
        "size": request.order.size,
    }


def _ended(request: ExportRequest, status: int, error: str) -> Response:
    contact = {"contact": CONTACT} if status > QUEUED else {}
    return one_line({**_progress(request, status, NO_USE_WAITING), "error": error, **contact})
