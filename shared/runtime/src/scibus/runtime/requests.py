"""Requests: taken as they come, handled side by side up to a bound, each answered within its deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from pydantic import ValidationError

from scibus.bus import headers as h
from scibus.bus.blobs import Blobs
from scibus.bus.raw_messages import RawMessage
from scibus.bus.spans import SERVER, Span, messaging, span
from scibus.bus.sturdy import subscribe_raw
from scibus.contracts.calls import CallOptions
from scibus.contracts.model import parse_body
from scibus.contracts.operations import JobOperation, Operation
from scibus.contracts.problems import DeadlineExceeded, InternalError, InvalidRequest, JobOnly, Overloaded, Problem
from scibus.runtime.call import Call
from scibus.runtime.deadline import Deadline
from scibus.runtime.logs import get_logger
from scibus.runtime.metrics import Metrics, Processed
from scibus.runtime.replies import Reply, accepted_type, answer_reply, problem_reply

log = get_logger(__name__)

Handler = Callable[[Any, Call, Any], Awaitable[Any]]

MOST_REFUSALS = 1024
"""Refusals that may be on their way at once; what comes past them is dropped and said."""
STUBBORN_SECONDS = 2.0
"""For a cancelled handler to end."""
BUSY_SECONDS = 0.5
"""After which time a refused caller may try again."""


class RequestEndpoint:
    """One operation, served on its request subject; one that takes longer only says where to submit it."""

    def __init__(
        self,
        operation: Operation[..., Any, Any],
        handler: Handler,
        *,
        slots: int,
        connection: Client,
        blobs: Blobs,
        metrics: Metrics,
    ) -> None:
        self.operation = operation
        self.num_requests = 0
        self.num_errors = 0
        self.last_error = ""
        self.processing_ns = 0
        self._handler = handler
        self._slots = slots
        self._connection = connection
        self._blobs = blobs
        self._processed = Processed(metrics, operation.subject, operation.service, operation.name)
        metrics.in_flight.labels(operation.service, operation.name).set_function(lambda: len(self._tasks))
        self._span_name = f"process {operation.subject}"
        self._attributes = messaging("process", operation, operation.subject)
        self._folder = (operation.service, operation.name)
        self._default_timeout = CallOptions().timeout
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusals: set[asyncio.Task[None]] = set()
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        """Begin to take requests, sharing them with the other workers of the service."""
        self._subscription = await subscribe_raw(
            self._connection, self.operation.subject, self._take, queue=self.operation.service
        )

    async def stop_taking(self) -> None:
        """Give up the subscription; what the server has already sent is still taken."""
        if self._subscription is not None and not self._connection.is_closed:
            try:
                await self._subscription.drain()  # type: ignore[no-untyped-call]
            except NatsError as error:
                log.warning("the subscription could not be drained", operation=self.operation.name, error=repr(error))

    async def finish(self, seconds: float) -> None:
        """Wait for what was taken, at most `seconds`; answer the rest with a problem that says to try elsewhere."""
        if taken := self._tasks | self._refusals:
            await asyncio.wait(taken, timeout=max(seconds, 0))
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, stubborn = await asyncio.wait(self._tasks, timeout=STUBBORN_SECONDS)
            if stubborn:
                log.error("handlers did not stop", operation=self.operation.name, count=len(stubborn))

    def _take(self, message: RawMessage) -> None:
        if not message.reply:
            log.warning("a request without a reply subject was left alone", operation=self.operation.name)
        elif len(self._tasks) < self._slots:
            _own(self._tasks, self._serve(message))
        elif len(self._refusals) < MOST_REFUSALS:
            _own(self._refusals, self._refuse(message))
        else:
            log.error("a request was dropped", operation=self.operation.name, refusals=MOST_REFUSALS)

    async def _refuse(self, message: RawMessage) -> None:
        busy = Overloaded(
            f"this worker handles {self._slots} {self.operation.name} requests at once and has no slot free",
            retry_after=BUSY_SECONDS,
        )
        trace = h.trace_headers(_headers(message))
        await self._answer(message.reply, self._problem(busy, trace), time.perf_counter_ns())

    async def _serve(self, message: RawMessage) -> None:
        began = time.perf_counter_ns()
        headers = _headers(message)
        if headers is None:
            broken = InvalidRequest("the headers of the request cannot be read")
            await self._answer(message.reply, self._problem(broken, {}), began)
            return
        trace = h.trace_headers(headers)
        with span(self._span_name, SERVER, self._attributes, trace) as spanned:
            reply = await self._outcome(message.data, headers, trace, spanned)
            await self._answer(message.reply, reply, began)

    async def _outcome(self, data: bytes, headers: h.Headers, trace: dict[str, str], spanned: Span) -> Reply:
        """The answer, or the problem instead."""
        try:
            return await self._reply(data, headers, trace)
        except Problem as found:
            problem = found
        except asyncio.CancelledError:
            problem = Overloaded("the worker is shutting down; another one will take the request", retry_after=0.0)
        except Exception:
            log.exception("a handler failed", operation=self.operation.name)
            problem = InternalError("the worker failed; its log tells more")
        spanned.failed(problem.details.slug)
        return self._problem(problem, trace)

    async def _reply(self, data: bytes, headers: h.Headers, trace: dict[str, str]) -> Reply:
        if isinstance(self.operation, JobOperation):
            raise JobOnly(
                f"{self.operation.name} takes longer than a request may: submit it on {self.operation.job_subject}"
            )
        media_type = accepted_type(self.operation, headers.get(h.ACCEPT))
        seconds = h.read_timeout(headers, self._default_timeout)
        try:
            query, ignored = parse_body(self.operation.model, data)
        except ValidationError as error:
            raise InvalidRequest.from_validation(error) from None
        told = {h.IGNORED: h.encode_names(ignored), **trace} if ignored else trace
        call = Call(self.operation.name, seconds, headers.get(h.AUTHORIZATION))
        deadline = Deadline(seconds)
        try:
            answer = await self._handler(query, call, None)
            return await answer_reply(self.operation, answer, media_type, told, self._blobs, self._folder)
        except asyncio.CancelledError:
            if not deadline.expired:
                raise
            deadline.task.uncancel()
            raise DeadlineExceeded(f"not answered within the {seconds:g} s that the caller waits") from None
        finally:
            deadline.end()

    def _problem(self, problem: Problem, trace: dict[str, str]) -> Reply:
        details = problem.details
        self.num_errors += 1
        self.last_error = f"{details.status}:{details.slug}"
        if details.status >= 500:
            log.warning(
                "a request ended in a problem",
                operation=self.operation.name,
                problem=details.slug,
                detail=details.detail,
            )
        return problem_reply(problem, f"{self.operation.service}.{self.operation.name}", trace)

    async def _answer(self, inbox: bytes, reply: Reply, began: int) -> None:
        if not reply.fits(self._blobs.largest_message):
            # The server would close the connection.
            log.error("an answer does not fit into a message", operation=self.operation.name, size=reply.size)
            reply = self._problem(InternalError("the answer does not fit into a message"), {})
        try:
            await self._connection.publish(inbox.decode(), reply.body, headers=reply.headers)
        except NatsError as error:
            log.warning("an answer could not be sent", operation=self.operation.name, error=repr(error))
        took = time.perf_counter_ns() - began
        self.num_requests += 1
        self.processing_ns += took
        self._processed.observe(took / 1e9, reply.error_type)


def _headers(message: RawMessage) -> h.Headers | None:
    """What the message says of itself; None where that cannot be read."""
    try:
        return message.headers
    except (IndexError, ValueError):
        return None


def _own(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
