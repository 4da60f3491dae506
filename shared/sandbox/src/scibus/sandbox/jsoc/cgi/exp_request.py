"""jsoc_fetch, op=exp_request: taking an order, or saying why not."""

from __future__ import annotations

from collections.abc import Mapping

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.archive.storage import file_path
from scibus.sandbox.jsoc.exports.book import ExportBook, ExportSettings
from scibus.sandbox.jsoc.exports.order import Order, read_order
from scibus.sandbox.jsoc.exports.request import NO_FILE, ExportRequest
from scibus.sandbox.jsoc.generation import Generation
from scibus.sandbox.jsoc.queries import ForeignSubset, InvalidRecordSet, QueryFailed, UnknownSeries
from scibus.sandbox.standin import Response

from .answers import failure, one_line
from .check_address import MESSAGES, REGISTERED, AddressBook

QUEUED = 2
TOO_LARGE = 3
FAILED = 4
PENDING_LIMIT = 7
TEST_MODE = 12
OFFLINE = 25


class OrderDesk:
    """Takes orders in the steps of the archive: address, pending limit, record set, duplicates, tape, size."""

    def __init__(
        self,
        archive: Archive,
        addresses: AddressBook,
        book: ExportBook,
        settings: ExportSettings,
        generation: Generation,
    ) -> None:
        self._archive = archive
        self._addresses = addresses
        self._book = book
        self._settings = settings
        self._generation = generation

    def exp_request(self, arguments: Mapping[str, str]) -> Response:
        return self._refused_address(arguments) or self._opened(arguments)

    def _refused_address(self, arguments: Mapping[str, str]) -> Response | None:
        address = arguments.get("notify", "")
        if not address:
            return failure(FAILED, "Email address for notification was not specfied. It is required.")
        status = self._addresses.status(address)
        if status != REGISTERED:
            return failure(FAILED, f"Cannot process your request. {MESSAGES[status]}")
        pending = self._book.pending(address)
        if len(pending) < self._settings.pending_limit:
            return None
        identifiers = ",".join(request.id for request in pending)
        return failure(
            PENDING_LIMIT,
            f"User {address} has {len(pending)} pending export requests ({identifiers}); please wait until at least "
            "one request has completed before submitting a new one.",
        )

    def _opened(self, arguments: Mapping[str, str]) -> Response:
        ds = arguments.get("ds", "")
        try:
            order = read_order(self._archive, arguments)
        except UnknownSeries as error:
            return failure(FAILED, f"Cannot export series '{error}' - it does not exist.\n")
        except ForeignSubset:
            return failure(FAILED, "Cannot specify subsets of records from different series.\n")
        except InvalidRecordSet:
            return failure(FAILED, f"Bad record-set query '{ds}'.\n")
        except QueryFailed:
            return failure(FAILED, f"Can not open RecordSet, bad query or too many records: {ds}")
        if len(order.records) > order.records.series.record_limit:
            return failure(FAILED, f"Can not open RecordSet, bad query or too many records: {ds}")
        if not order.count:
            return failure(FAILED, "There are no files in this RecordSet")
        return self._accepted(order, arguments)

    def _accepted(self, order: Order, arguments: Mapping[str, str]) -> Response:
        duplicate = None if order.is_quick else self._book.duplicate_of(order)
        if duplicate is not None:
            return self._queued(duplicate.id, order)
        offline = order.offline()
        if offline and self._generation == "new" and arguments.get("o") != "0":
            return failure(
                OFFLINE,
                "One or more data files are offline; please send a request for help to jsoc@sun.stanford.edu and we "
                f"will place the requested data online, and then you may try again; {self._book.new_id()}",
            )
        if order.size > order.size_limit:
            return _too_large(order)
        if order.is_quick and not offline:
            return _quick(order)
        if arguments.get("t") == "1":
            return self._queued(self._book.new_id(), order, TEST_MODE)
        return self._queued(self._book.submit(order).id, order)

    def _queued(self, request_id: str, order: Order, status: int = QUEUED) -> Response:
        return one_line(
            {
                "status": status,
                "requestid": request_id,
                "method": order.method,
                "protocol": order.protocol,
                "wait": self._settings.wait,
                "rcount": len(order.records),
                "size": order.size,
            }
        )


def _too_large(order: Order) -> Response:
    return one_line(
        {
            "requestid": "VOID",
            "method": order.method,
            "protocol": order.protocol,
            "wait": 0,
            "status": TOO_LARGE,
            "count": order.count,
            "size": order.size,
            "error": f"Request exceeds max byte limit of {order.size_limit}MB",
        }
    )


def _quick(order: Order) -> Response:
    """The files where they lie: nothing is exported, so there is no request and no directory."""
    files = ExportRequest("", 0, order).files
    rows = [
        {
            "record": file.record_name,
            "filename": NO_FILE if file.name == NO_FILE else file_path(file.record, file.segment),
        }
        for file in files
    ]
    return one_line(
        {
            "rcount": len(order.records),
            "count": order.count,
            "size": order.size,
            "dir": "",
            "data": rows,
            "requestid": "",
            "method": order.method,
            "protocol": order.protocol,
            "wait": 0,
            "status": 0,
        }
    )
