"""Cancelling: recorded in the job's status first, then carried out by whoever holds the job."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from scibus.bus import headers as h
from scibus.bus.digests import request_digest
from scibus.bus.guarded import Stale
from scibus.bus.job_ids import sequence_of
from scibus.bus.stored import ApiError, StoredMessage, first_message, message_at
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.problems import BackendUnavailable, InternalError, NotFound, Overloaded, Problem
from scibus.contracts.subjects import cancel_subject, job_subject, record_key
from scibus.contracts.tables import JSON
from scibus.runtime.jobs.delivery import Delivery, job_ref, lying
from scibus.runtime.jobs.endpoint import JobEndpoint
from scibus.runtime.jobs.held import HeldJob, LostJob, read_status, write_status
from scibus.runtime.jobs.stores import JobStores
from scibus.runtime.logs import get_logger
from scibus.runtime.replies import Reply, problem_reply

log = get_logger(__name__)

TRIES = 10
LOOKS = (0.0, 0.05, 0.2, 1.0, 3.0)
"""When the holder of a job looks for the record, after it heard that somebody asks for a cancellation."""
SETTLE_SECONDS = 1.0
"""So long an answer waits for the job to end, so that it usually tells that it has."""
MOST_AT_ONCE = 256
STUBBORN_SECONDS = 2.0


class CancelDesk:
    """Takes the requests to cancel jobs of one service."""

    def __init__(
        self, connection: Client, service: str, endpoints: Mapping[str, JobEndpoint], stores: JobStores
    ) -> None:
        self._connection = connection
        self._service = service
        self._endpoints = endpoints
        self._stores = stores
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscriptions: list[Subscription] = []

    async def start(self) -> None:
        """Begin to take requests: one worker records it, and all hear of it, so that the holder can look."""
        subject = cancel_subject(self._service, "*", "*")
        self._subscriptions = [
            await self._connection.subscribe(subject, queue=self._service, cb=self._asked),
            await self._connection.subscribe(subject, cb=self._heard),
        ]

    async def stop(self) -> None:
        """Take no more requests."""
        for subscription in self._subscriptions:
            with suppress(NatsError, TimeoutError):
                await asyncio.wait_for(subscription.drain(), STUBBORN_SECONDS)  # type: ignore[no-untyped-call]
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STUBBORN_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _asked(self, message: Msg) -> None:
        self._spawn(self._answer(message))

    async def _heard(self, message: Msg) -> None:
        ref = _ref(message)
        endpoint = self._endpoints.get(ref.operation)
        held = endpoint.held.get(ref) if endpoint else None
        if held is not None:
            self._spawn(self._look(held))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self, held: HeldJob) -> None:
        for pause in LOOKS:
            await asyncio.sleep(pause)
            if held.stopped is not None:
                return
            with suppress(BackendUnavailable, LostJob):
                await held.look()

    async def _answer(self, message: Msg) -> None:
        trace = h.trace_headers(message.headers)
        ref = _ref(message)
        try:
            if len(self._tasks) > MOST_AT_ONCE:
                raise Overloaded("too many jobs are being cancelled here", retry_after=1.0)
            status = await self.cancel(ref)
            reply = Reply(status.model_dump_json().encode(), {h.CONTENT_TYPE: JSON, **trace})
        except Problem as problem:
            reply = problem_reply(problem, str(ref), trace)
        except Exception:
            log.exception("a job could not be cancelled", job=str(ref))
            reply = problem_reply(InternalError("the worker failed; its log tells more"), str(ref), trace)
        if message.reply:
            with suppress(NatsError):
                await self._connection.publish(message.reply, reply.body, headers=reply.headers)

    async def cancel(self, ref: JobRef) -> JobStatus:
        """Record that `ref` shall be cancelled; its status with that recorded.

        Raises:
            NotFound: there is no such job.
            BackendUnavailable: the bus's own streams are out of reach.
        """
        endpoint = self._endpoints.get(ref.operation)
        if endpoint is None:
            raise NotFound(f"{ref.service} has no operation {ref.operation}")
        for _ in range(TRIES):
            with suppress(Stale):
                return await self._record(endpoint, ref)
        raise Overloaded(f"{ref} changes too fast", retry_after=1.0)

    async def _record(self, endpoint: JobEndpoint, ref: JobRef) -> JobStatus:
        record = await self._stores.statuses.read(record_key(*ref))
        old = read_status(record) if record is not None and record.exists else None
        if old is not None and old.is_final:
            return old
        message = await self._lying(endpoint, ref, old)
        if old is None:
            if message is None:
                raise NotFound(f"there is no job {ref}, or it is forgotten")
            old = _queued(ref, message)
        status = old.model_copy(update={"cancel_requested": True})
        if not old.cancel_requested:
            submitted = message.headers if message else {}
            after = record.revision if record else 0
            await write_status(self._stores.statuses, status, after, submitted, self._stores.instance)
        await self._carry_out(endpoint, status, message)
        return await self._settled(status)

    async def _carry_out(self, endpoint: JobEndpoint, status: JobStatus, message: StoredMessage | None) -> None:
        held = endpoint.held.get(status.ref)
        if held is not None:
            with suppress(LostJob):
                await held.look()
        elif message is not None and (status.worker is None or status.state not in ("running", "waiting")):
            endpoint.adopt(self._delivery(endpoint, message))

    def _delivery(self, endpoint: JobEndpoint, message: StoredMessage) -> Delivery:
        return lying(message, endpoint.created, self._connection, endpoint.stream)

    async def _settled(self, status: JobStatus) -> JobStatus:
        """The job's last status, if it ends within a moment."""
        until = time.monotonic() + SETTLE_SECONDS
        latest = status
        while not latest.is_final and time.monotonic() < until:
            await asyncio.sleep(0.02)
            record = await self._stores.statuses.read(record_key(*status.ref))
            latest = (read_status(record) if record is not None and record.exists else None) or latest
        return latest

    async def _lying(self, endpoint: JobEndpoint, ref: JobRef, old: JobStatus | None) -> StoredMessage | None:
        """The job's submission, as long as it is in the stream."""
        sequence = old.sequence if old is not None else sequence_of(ref.job_id, endpoint.created)
        try:
            if sequence is None:
                return await first_message(self._connection, endpoint.stream, job_subject(*ref))
            message = await message_at(self._connection, endpoint.stream, sequence)
        except (ApiError, NatsError, TimeoutError) as error:
            raise BackendUnavailable(f"{endpoint.stream} does not answer: {error!r}") from error
        # Anybody can write a number into an id.
        is_ours = message is not None and job_ref(message.subject, endpoint.created, message.sequence) == ref
        return message if is_ours else None


def _ref(message: Msg) -> JobRef:
    return JobRef(*message.subject.split(".")[-3:])


def _queued(ref: JobRef, message: StoredMessage) -> JobStatus:
    service, operation, job_id = ref
    return JobStatus(
        service=service,
        operation=operation,
        job_id=job_id,
        state="queued",
        submitted_at=message.time,
        updated_at=message.time,
        replay_of=message.headers.get(h.REPLAY_OF),
        sequence=message.sequence,
        digest=request_digest(message.data),
    )
