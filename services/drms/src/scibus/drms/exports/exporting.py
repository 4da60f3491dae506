"""From an order to the finished export: sent once, whatever an earlier attempt left of it."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from scibus.contracts.drms import ExportOrder, ExportRequest, ExportState
from scibus.contracts.problems import BackendFault, BadBackendAnswer, DeadlineExceeded, NotFound, Problem
from scibus.drms import answers
from scibus.drms.exports.belonging import belongs, ignores_processing
from scibus.drms.exports.notes import Notebook, OrderNotes
from scibus.drms.exports.polling import ended, pace
from scibus.drms.files.filenames import automatic_template
from scibus.drms.jsoc import Jsoc, series_name
from scibus.drms.orders import is_quick, request_of
from scibus.drms.pending import request_ids

DONE = 0
LAST_WORD_SECONDS = 5.0
"""An order that is stopped waits so long for the answer to what it has just sent."""
Told = TypeVar("Told")


class Exporting:
    """One order at one server.

    Args:
        jsoc: the server.
        order: what is ordered.
        notebook: what earlier attempts have noted.
    """

    def __init__(self, jsoc: Jsoc, order: ExportOrder, notebook: Notebook) -> None:
        self._jsoc = jsoc
        self._server = jsoc.server.name
        self._order = order
        self._notebook = notebook

    async def finished(self) -> ExportState:
        """The finished export, with its files listed; only one export at a time may be ordered for an address.

        Raises:
            InvalidRequest, TooLarge, NotFound: the server does not take the order, or failed with it.
            BackendUnavailable: the server is down, in maintenance or out of reach (retryable).
            DeadlineExceeded: it did not finish in time (retryable: a later attempt waits for the same export).
            BadBackendAnswer: it ignored the processing that was asked for.
        """
        self._jsoc.files.check()
        limit = self._jsoc.settings.export_timeout
        try:
            async with asyncio.timeout(limit):
                request = request_of(self._order, await self._template())
                export = await self._earlier(request) or await self._new(request)
        except TimeoutError:
            waited = self._notebook.order.requestid or "the order"
            raise DeadlineExceeded(
                f"{self._server} has not finished {waited} within {limit:g} s",
                backend=BackendFault(name=self._server),
            ) from None
        if ignores_processing(request, export):
            raise BadBackendAnswer(
                f"{self._server} ignored the processing and exported the records as they are: check its arguments",
                backend=BackendFault(name=self._server),
            )
        return export

    async def _template(self) -> str | None:
        """The template of file names that is sent; files that are handed out where they lie keep their names."""
        if is_quick(self._order) or self._order.filenamefmt is False:
            return None
        if self._order.filenamefmt:
            return self._order.filenamefmt
        series = series_name(self._order.ds)
        return automatic_template(series, await self._jsoc.series_struct(series))

    async def _earlier(self, request: ExportRequest) -> ExportState | None:
        """What became of the order of an earlier attempt; None where none is known."""
        notes = self._notebook.order
        if notes.sent and notes.requestid is None and not is_quick(request):
            notes = await self._found_pending()
        if notes.requestid is None:
            return None
        if notes.provisional:
            return await self._if_ours(request, notes.requestid)
        return await self._followed(notes.requestid)

    async def _found_pending(self) -> OrderNotes:
        """Notes of the export that is pending for the address: an order was sent, and its answer never heard."""
        if not self._jsoc.server.has("manage_request"):
            return self._notebook.order
        try:
            pending = await self._jsoc.pending_exports(self._order.notify)
        except Problem as problem:
            if problem.details.retryable:
                raise
            # Ordered again, the same export comes back: JSOC knows the orders of the last day.
            return self._notebook.order
        if pending:
            await self._notebook.note(OrderNotes(sent=True, requestid=pending[0], provisional=True))
        return self._notebook.order

    async def _if_ours(self, request: ExportRequest, requestid: str) -> ExportState | None:
        """The export `requestid`, once it is done, if it is what was ordered."""
        await self._notebook.tell(f"waiting for {requestid}, which is pending at {self._server} for the address")
        with suppress(NotFound):
            export = await ended(self._jsoc, requestid)
            if export.status == DONE and await belongs(self._jsoc, request, export):
                return await self._done(export, requestid)
        await self._notebook.note(OrderNotes())
        return None

    async def _new(self, request: ExportRequest) -> ExportState:
        ticket = await self._ordered(request)
        if ticket.status == DONE:
            return ticket
        if ticket.requestid is None:
            raise BadBackendAnswer(f"{self._server} queued the order, but told no id for it")
        return await self._followed(ticket.requestid, ticket.wait)

    async def _ordered(self, request: ExportRequest) -> ExportState:
        """The answer to the order, once the server takes it."""
        passing = busy = 0
        while True:
            try:
                return await _to_its_end(self._send(request))
            except Problem as problem:
                if answers.is_busy(problem):
                    await self._others_ended(problem)
                    wait = 2.0**busy * self._jsoc.settings.poll_shortest
                    busy = min(busy + 1, 10)
                elif answers.is_passing(problem) and passing + 1 < self._jsoc.settings.attempts:
                    passing += 1
                    wait = 2.0**passing * self._jsoc.settings.poll_shortest
                else:
                    raise
            await asyncio.sleep(pace(self._jsoc, wait))

    async def _send(self, request: ExportRequest) -> ExportState:
        await self._notebook.note(OrderNotes(sent=True))
        try:
            ticket = await self._jsoc.exp_request(request)
        except Problem as problem:
            if answers.was_refused(problem):
                await self._notebook.note(OrderNotes())
            raise
        await self._notebook.note(OrderNotes(sent=True, requestid=ticket.requestid))
        return ticket

    async def _others_ended(self, refusal: Problem) -> None:
        """Wait for what else is pending for the address."""
        pending = request_ids(refusal.details.backend.message if refusal.details.backend else None)
        if not pending and self._jsoc.server.has("manage_request"):
            pending = await self._jsoc.pending_exports(self._order.notify)
        named = ", ".join(pending) or "other exports"
        await self._notebook.tell(f"waiting for {named}, pending at {self._server} for the same address")
        for requestid in pending:
            with suppress(NotFound):
                await ended(self._jsoc, requestid)

    async def _followed(self, requestid: str, wait: float | None = None) -> ExportState:
        """The export `requestid` once it is done.

        Raises:
            Problem: it ended in another way; one that may pass lets the next attempt order anew.
        """
        await self._notebook.tell(f"queued at {self._server} as {requestid}")
        try:
            export = await ended(self._jsoc, requestid, wait)
            if export.status != DONE:
                raise answers.problem(export.model_dump(), self._server)
        except Problem as problem:
            if problem.details.retryable and answers.was_ended(problem):
                await self._notebook.note(OrderNotes())
            raise
        return await self._done(export, requestid)

    async def _done(self, export: ExportState, requestid: str) -> ExportState:
        await self._notebook.note(OrderNotes(sent=True, requestid=requestid, finished=True))
        return export


async def _to_its_end(exchange: Coroutine[Any, Any, Told]) -> Told:
    """What `exchange` returns; who is stopped meanwhile lets it end all the same, if that does not take long.

    What was sent is known then, so that it can be taken back or gone on with.
    """
    task = asyncio.ensure_future(exchange)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=LAST_WORD_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
