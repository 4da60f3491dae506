"""The export requests of the server: identifiers, duplicates, pending ones."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from .order import Order
from .request import FIRST_SUNUM, ExportRequest

REQUEST_ID = re.compile(r"JSOC_\d{8}_\d+(_IN)?")
DUPLICATE_AFTER = 24 * 3600
PENDING_FOR = 3600

State = Literal["unknown", "queued", "processing", "done", "failed", "cancelled"]


@dataclass
class ExportSettings:
    """How exports fare.

    Attributes:
        pending_polls: how often exp_status says "pending" of a request.
        unknown_polls: how often exp_status does not find a request that is new.
        pending_limit: how many pending requests an address may have.
        export_status: status with which exports end.
        export_error: its text.
        wait: seconds after which a client shall ask again how a request stands.
    """

    pending_polls: int = 1
    unknown_polls: int = 0
    pending_limit: int = 1
    export_status: int = 0
    export_error: str = "Export processing failed."
    wait: float = 10


class ExportBook:
    """All requests since the server started."""

    def __init__(self, settings: ExportSettings) -> None:
        self._settings = settings
        self._requests: dict[str, ExportRequest] = {}
        self._by_number: dict[int, ExportRequest] = {}
        self._by_digest: dict[str, ExportRequest] = {}
        self._count = 0

    def new_id(self) -> str:
        """An identifier never given before: the day in UTC and a counter."""
        self._count += 1
        return f"JSOC_{datetime.now(UTC):%Y%m%d}_{self._count:03}"

    def submit(self, order: Order) -> ExportRequest:
        request = ExportRequest(self.new_id(), self._count, order)
        self._requests[request.id] = request
        self._by_number[request.number] = request
        self._by_digest[order.digest()] = request
        return request

    def find(self, request_id: str) -> ExportRequest | None:
        return self._requests.get(request_id)

    def at(self, sunum: int) -> ExportRequest | None:
        """The request whose files lie in the storage unit of that number."""
        return self._by_number.get(sunum - FIRST_SUNUM)

    def duplicate_of(self, order: Order) -> ExportRequest | None:
        """A request of the last day for the same files."""
        request = self._by_digest.get(order.digest())
        if request is None or self.state(request) in ("failed", "cancelled"):
            return None
        return request if time.time() - request.submitted < DUPLICATE_AFTER else None

    def pending(self, address: str) -> list[ExportRequest]:
        """The unfinished requests of an address; after an hour they no longer count."""
        youngest = time.time() - PENDING_FOR
        return [
            request
            for request in self._requests.values()
            if request.order.notify == address
            and request.submitted > youngest
            and self.state(request) in ("unknown", "queued", "processing")
        ]

    def state(self, request: ExportRequest) -> State:
        """What becomes of a request by the polls it has had."""
        if request.cancelled:
            return "cancelled"
        if request.finished:
            return "done"
        if request.polls < self._settings.unknown_polls:
            return "unknown"
        left = self._settings.unknown_polls + self._settings.pending_polls - request.polls
        if left > 0:
            return "processing" if left == 1 else "queued"
        return "failed" if self._settings.export_status or request.order.joined else "done"
