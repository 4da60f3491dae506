"""manage-request.sh: has an address a pending request, and cancelling it."""

from __future__ import annotations

from collections.abc import Mapping

from scibus.sandbox.jsoc.exports.book import ExportBook
from scibus.sandbox.standin import Response

from .answers import one_line

ERROR = "-1"
NONE = "1"
PENDING = "2"
CANCELED = "3"


def manage_request(book: ExportBook, arguments: Mapping[str, str]) -> Response:
    """Checks or cancels the pending request of `address`; the status is a text."""
    operation = arguments.get("operation")
    if operation not in ("check", "cancel") or "address" not in arguments:
        return _answer(ERROR, "Missing required arguments address and operation.")
    pending = book.pending(arguments["address"])
    if not pending:
        return _answer(NONE, f"There is no pending export request for {arguments['address']}.")
    identifiers = ", ".join(request.id for request in pending)
    if operation == "check":
        return _answer(PENDING, f"There is a pending export request [ {identifiers} ].")
    for request in pending:
        request.cancelled = True
    return _answer(CANCELED, f"The pending export request [ {identifiers} ] was canceled.")


def _answer(status: str, message: str) -> Response:
    return one_line({"status": status, "msg": message})
