"""One attempt at a job: from the claim to the ending."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from scibus.bus import headers as h
from scibus.bus.spans import CONSUMER, Attributes, messaging, span
from scibus.bus.trace import current_trace, trace_id
from scibus.contracts.model import Contract
from scibus.contracts.operations import Operation
from scibus.contracts.problems import BackendUnavailable, DeadlineExceeded, InternalError, Problem
from scibus.runtime.call import Call
from scibus.runtime.jobs.backoff import parked
from scibus.runtime.jobs.endings import Ending, cancellation, failure, success
from scibus.runtime.jobs.handlers import Handlers
from scibus.runtime.jobs.held import HeldJob, LostJob, Stop
from scibus.runtime.jobs.job import Job
from scibus.runtime.jobs.stores import JobStores
from scibus.runtime.jobs.undoing import undone
from scibus.runtime.logs import bind, get_logger
from scibus.runtime.replies import accepted_type, answer_reply

log = get_logger(__name__)

SOON_SECONDS = 1.0


class Attempt:
    """An attempt at a job that this worker holds.

    Args:
        operation: what is asked for.
        handlers: what does it.
        stores: where the job is kept.
        held: the job.
        job: the same, as its handler sees it.
    """

    def __init__(
        self, operation: Operation[..., Any, Any], handlers: Handlers, stores: JobStores, held: HeldJob, job: Job
    ) -> None:
        self._operation = operation
        self._handlers = handlers
        self._stores = stores
        self._held = held
        self._job = job
        self._call = Call(operation.name, operation.time_limit, held.delivery.headers.get(h.AUTHORIZATION))

    async def make(self, request: tuple[Contract, list[str]] | Problem) -> str:
        """Make the attempt; what became of the job: its final state, or why it has none yet.

        Args:
            request: the body, and the names in it that the operation does not know; or why it is no request.

        Raises:
            LostJob: another worker has the job.
            BackendUnavailable: the server stays away.
        """
        trace = h.trace_headers(self._held.delivery.headers)
        with span(f"process {self._operation.job_subject}", CONSUMER, self._attributes(), trace) as spanned:
            # Also for what is told after the attempt.
            traced = trace_id(current_trace.get())
            bind(attempt=self._held.status.attempt, **({"trace_id": traced} if traced else {}))
            outcome = await self._made(request)
            if outcome != "succeeded":
                spanned.failed(outcome)
            return outcome

    async def _made(self, request: tuple[Contract, list[str]] | Problem) -> str:
        if not self._held.is_new:
            if await self._stores.endings.ended(self._held):
                return "ended"
            await self._job.recall()
        if isinstance(request, Problem):
            return await self._end(failure(self._held, request, dead=True))
        body, ignored = request
        if self._held.status.cancel_requested:
            return await self._cancel(body)
        if problem := self._too_late():
            return await self._end(failure(self._held, problem, dead=self._held.is_exhausted))
        return await self._handle(body, ignored)

    def _attributes(self) -> Attributes:
        ref, attempt = self._held.ref, self._held.status.attempt
        told = messaging("process", self._operation, self._operation.job_subject)
        return {**told, "messaging.message.id": str(ref), "scibus.job.id": ref.job_id, "scibus.job.attempt": attempt}

    def _too_late(self) -> Problem | None:
        """Why no attempt may start."""
        if self._held.is_exhausted:
            return InternalError(f"the worker died in each of {self._operation.attempts} attempts")
        not_after = h.read_not_after(self._held.delivery.headers)
        if not_after is not None and datetime.now(UTC) > not_after:
            return DeadlineExceeded("the job could not be started in time", retryable=False)
        return None

    async def _handle(self, body: Contract, ignored: list[str]) -> str:
        held = self._held
        if held.stopped is not None:
            return await self._stopped(body)
        handler = asyncio.create_task(self._answer(body, ignored))
        held.handler = handler
        limit = asyncio.get_running_loop().call_later(self._operation.time_limit, held.stop, Stop.TOO_LONG)
        try:
            await _over(handler)
        except asyncio.CancelledError:
            limit.cancel()
            held.stop(Stop.SHUTDOWN)
            await _over(handler)
            raise
        limit.cancel()
        try:
            ending = handler.result()
        except asyncio.CancelledError:
            return await self._stopped(body)
        except LostJob:
            raise
        except Problem as problem:
            return await self._failed(problem, body)
        except Exception:
            log.exception("a handler failed")
            return await self._failed(InternalError("the worker failed; its log tells more", retryable=True), body)
        return await self._end(ending)

    async def _answer(self, body: Contract, ignored: list[str]) -> Ending:
        answer = await self._handlers.handle(body, self._call, self._job)
        submitted = self._held.delivery.headers
        headers = h.trace_headers(submitted)
        if ignored:
            headers[h.IGNORED] = h.encode_names(ignored)
        media_type = accepted_type(self._operation, submitted.get(h.ACCEPT))
        folder = (*self._held.ref, str(self._held.status.attempt))
        reply = await answer_reply(self._operation, answer, media_type, headers, self._stores.blobs, folder)
        return success(self._operation, reply)

    async def _stopped(self, body: Contract) -> str:
        """The handler was stopped, and is not running any more."""
        endings, held = self._stores.endings, self._held
        match held.stopped:
            case Stop.CANCELLED:
                return await self._cancel(body)
            case Stop.PARKED:
                await endings.hand_back(held, delay=parked(held.delivery.times), state="waiting")
                return "parked"
            case Stop.TOO_LONG:
                limit = f"the attempt took longer than {self._operation.time_limit:g} s"
                return await self._failed(DeadlineExceeded(limit), body)
            case Stop.SHUTDOWN | Stop.LOST:
                # Lost to nobody when only the server was away: then the attempt did not count.
                await endings.hand_back(held)
                return "handed-back"
        return await self._failed(InternalError("the handler cancelled itself", retryable=True), body)

    async def _failed(self, problem: Problem, body: Contract) -> str:
        """The attempt failed: retry, or fail for good."""
        held = self._held
        if held.status.cancel_requested:
            return await self._cancel(body)
        if not problem.details.retryable:
            return await self._end(failure(held, problem, dead=False))
        if isinstance(problem, BackendUnavailable) and not problem.details.backend and self._lost_contact():
            # The bus itself was away, which is no fault of the job.
            await self._stores.endings.hand_back(held, delay=SOON_SECONDS)
            return "handed-back"
        if held.status.attempt >= self._operation.attempts:
            return await self._end(failure(held, problem, dead=True))
        log.warning("an attempt failed", problem=problem.details.slug, detail=problem.details.detail)
        await self._stores.endings.retry(held, problem)
        return "retrying"

    def _lost_contact(self) -> bool:
        return self._stores.contact.lost_since(self._held.began)

    async def _cancel(self, body: Contract) -> str:
        """Take back what was begun on the backend, and end the job."""
        detail = "the job was cancelled"
        if self._handlers.undo is not None and self._held.status.attempt:
            undo = self._handlers.undo
            left = await undone(lambda: undo(body, self._call, self._job))
            detail += f"; what it had begun could not be taken back: {left}" if left else ""
        return await self._end(cancellation(self._held, detail))

    async def _end(self, ending: Ending) -> str:
        state = await self._stores.endings.end(self._held, ending)
        await self._job.forget()
        return state


async def _over(task: asyncio.Task[Any]) -> None:
    """Wait until `task` is over; as `asyncio.wait`, at a fraction of its cost, which every job would pay."""
    over = asyncio.get_running_loop().create_future()

    def tell(_task: asyncio.Task[Any]) -> None:
        if not over.done():
            over.set_result(None)

    task.add_done_callback(tell)
    try:
        await over
    finally:
        task.remove_done_callback(tell)
