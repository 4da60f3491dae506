"""The bus as a Python program sees it."""

import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from scibus.bus import headers as h
from scibus.bus.blobs import Blobs
from scibus.bus.connection import LoginRefusedError, close_connection, open_connection
from scibus.bus.errors import NoAnswer
from scibus.bus.settings import BusSettings
from scibus.bus.spans import CLIENT, PRODUCER, messaging, span
from scibus.client.answers import read_answer, warn_of_ignored
from scibus.client.discovery import WorkerInfo, discover
from scibus.client.jobs.contact import nobody_serves
from scibus.client.jobs.dead import DeadLetter, list_dead, read_dead, replay
from scibus.client.jobs.listing import list_jobs
from scibus.client.jobs.queues import QueueInfo, queues
from scibus.client.jobs.schedules import list_schedules, pause_schedule, remove_schedule, resume_schedule, schedule
from scibus.client.jobs.submitted import SubmittedJob
from scibus.client.jobs.submitting import submit
from scibus.client.live.following import follow
from scibus.client.live.subscribed import Subscribed
from scibus.client.outgoing import asking_headers, check_size
from scibus.client.room import where_there_is_room
from scibus.contracts.autobahn import Autobahn
from scibus.contracts.blobs import BlobRef
from scibus.contracts.calls import CallOptions, When
from scibus.contracts.drms import Drms
from scibus.contracts.jobs import JobRef, JobSchedule, JobState, JobStatus
from scibus.contracts.live import MessageCallback, SubscribeOperation, SubscribeOrder
from scibus.contracts.model import Contract
from scibus.contracts.modos import Modos
from scibus.contracts.operations import Operation, Request, Service
from scibus.contracts.subjects import check_job_id

Query = TypeVar("Query", bound=Contract)
Answer = TypeVar("Answer")
AnyService = TypeVar("AnyService", bound=Service)

SLACK = 2.0
"""Seconds beyond a request's timeout in which the worker's own `deadline` answer may still arrive."""
FIRST_TRIES = 5


class Bus:
    """A connection to the bus. Services are attributes: `bus.drms.rs_list(...)`."""

    def __init__(self, connection: Client, options: CallOptions | None = None, blobs: Blobs | None = None) -> None:
        self.connection = connection
        self.blobs = blobs or Blobs(connection)
        self.options = options or CallOptions()
        self.autobahn = self.service(Autobahn)
        self.drms = self.service(Drms)
        self.modos = self.service(Modos)

    def service(self, service: type[AnyService]) -> AnyService:
        """A service whose contracts come from elsewhere, connected to this bus."""
        return service(self, self.options)

    async def request(
        self, operation: Request[..., Query, Answer], query: Query, options: CallOptions | None = None
    ) -> Answer:
        """Ask, and return the answer. A worker without a free slot is asked again while there is time.

        Raises:
            Problem: what the worker answered instead.
            NoAnswer: no worker is there, or none answered in time.
            TooLarge: the request does not fit into a message; nothing was sent.
        """
        return await where_there_is_room(lambda left: self._ask(operation, query, left), options or self.options)

    async def _ask(self, operation: Request[..., Query, Answer], query: Query, options: CallOptions) -> Answer:
        with span(f"request {operation.subject}", CLIENT, messaging("request", operation, operation.subject)):
            return await self._answered(operation, _body(query), options)

    async def _answered(self, operation: Request[..., Any, Answer], body: bytes, options: CallOptions) -> Answer:
        name = f"{operation.service}.{operation.name}"
        headers = {**asking_headers(operation, options), h.TIMEOUT: f"{options.timeout:g}"}
        check_size(self.connection, name, body, headers)
        seconds = options.timeout + (SLACK if self.connection.is_connected else 0)
        try:
            reply = await self.connection.request(operation.subject, body, timeout=seconds, headers=headers)
        except NoRespondersError as error:
            raise nobody_serves(name) from error
        except TimeoutError as error:
            raise NoAnswer(f"no answer to {name} within {options.timeout:g} s") from error
        except NatsError as error:
            raise NoAnswer(f"{name} could not be asked: {error}") from error
        warn_of_ignored(name, reply.headers or {})
        answer: Answer = await read_answer(operation, reply.data, reply.headers or {}, self.blobs)
        return answer

    async def submit(
        self,
        operation: Operation[..., Query, Answer],
        query: Query,
        job_id: str | None = None,
        options: CallOptions | None = None,
    ) -> SubmittedJob[Answer]:
        """Submit a job, and return once its stream has accepted it: from then on it is done once, whatever dies.

        With an id the same job can be submitted again, which does nothing.

        Raises:
            ValueError: the id may not be chosen, or `not_after` has no time zone.
            Conflict: the id was used for another request.
            Overloaded: the queue is full, and stayed so within the timeout.
            TooLarge: the request does not fit into a message; nothing was sent.
            NoAnswer: no worker of the service has been on this bus, so nobody would do it, or JetStream did not answer.
        """
        options = options or self.options
        told = messaging("publish", operation, operation.job_subject)
        with span(f"publish {operation.job_subject}", PRODUCER, told):
            ref = await submit(self.connection, operation, _body(query), job_id, options)
        return self.job(operation, ref.job_id, options)

    def job(
        self, operation: Operation[..., Any, Answer], job_id: str, options: CallOptions | None = None
    ) -> SubmittedJob[Answer]:
        """A job that was submitted before, here or elsewhere.

        Raises:
            ValueError: that is no id.
        """
        return SubmittedJob(self.connection, self.blobs, operation, check_job_id(job_id), options or self.options)

    async def schedule(
        self,
        operation: Operation[..., Query, Any],
        query: Query,
        schedule_id: str,
        when: When,
        options: CallOptions | None = None,
    ) -> JobSchedule:
        """Let the server submit a job later, or again and again; a schedule of the same id is replaced.

        Raises:
            ValueError: that is no id, a time without a zone, or a span below a second.
            InvalidRequest: the server does not understand `when`.
            TooLarge: the request does not fit into a message; nothing was sent.
            NoAnswer: no worker of the service has been on this bus, so nobody would do it, or JetStream did not answer.
        """
        return await schedule(self.connection, operation, _body(query), schedule_id, when, options or self.options)

    async def follow(
        self,
        operation: SubscribeOperation[Any],
        order: SubscribeOrder,
        options: CallOptions | None = None,
        *,
        callback: MessageCallback | None = None,
        reader: str | None = None,
    ) -> Subscribed:
        """Let a dataset be forwarded, and read it; `bus.autobahn.subscribe(...)` is the short way to it.

        Raises:
            ValueError: `reader` cannot be a name.
            Problem: what the worker answered instead, or `NoAnswer`.
        """
        return await follow(
            self, self.connection, self.blobs, operation, order, options or self.options, callback, reader
        )

    async def jobs(
        self,
        service: str | None = None,
        operation: str | None = None,
        states: Collection[JobState] = (),
        since: timedelta | None = None,
        limit: int = 1000,
    ) -> list[JobStatus]:
        """The newest `limit` jobs, newest news first; see `list_jobs` for what the arguments leave out."""
        return await list_jobs(
            self.connection, service=service, operation=operation, states=states, since=since, limit=limit
        )

    async def queues(self, service: str | None = None) -> list[QueueInfo]:
        """What is waiting for one service, or for each."""
        return await queues(self.connection, [service] if service else None)

    async def dead_letters(
        self,
        service: str | None = None,
        operation: str | None = None,
        since: timedelta | None = None,
        limit: int = 1000,
    ) -> list[DeadLetter]:
        """The newest `limit` jobs that could not be done, newest first, without their bodies."""
        return await list_dead(self.connection, service=service, operation=operation, since=since, limit=limit)

    async def dead_letter(self, ref: JobRef) -> DeadLetter:
        """One job that could not be done, as it was submitted.

        Raises:
            NotFound: there is none.
        """
        return await read_dead(self.connection, ref)

    async def replay(self, ref: JobRef, job_id: str | None = None) -> JobRef:
        """Submit a dead job again under a new id; the job that it is now.

        Raises:
            NotFound: there is no dead letter of `ref`.
            Conflict: `job_id` was used before.
        """
        return await replay(self.connection, ref, job_id, self.options)

    async def schedules(self, service: str | None = None) -> list[JobSchedule]:
        """The schedules of one service, or of all."""
        return await list_schedules(self.connection, service)

    async def pause_schedule(self, ref: JobRef) -> JobSchedule:
        """Keep a schedule, but let nothing come of it; `ref` has its id where a job's id would be.

        Raises:
            NotFound: there is no such schedule, or it has fired for the last time.
        """
        return await pause_schedule(self.connection, ref)

    async def resume_schedule(self, ref: JobRef) -> JobSchedule:
        """Let a paused schedule go on.

        Raises:
            NotFound: there is no such schedule.
        """
        return await resume_schedule(self.connection, ref)

    async def remove_schedule(self, ref: JobRef) -> None:
        """Forget a schedule; jobs that it has submitted stay.

        Raises:
            NotFound: there is no such schedule, or it has fired for the last time.
        """
        await remove_schedule(self.connection, ref)

    async def services(self, timeout: float = 1.0) -> list[WorkerInfo]:
        """The workers that are there, as they tell of themselves within `timeout` seconds."""
        return await discover(self.connection, timeout)

    async def download(self, ref: BlobRef, path: str | os.PathLike[str]) -> Path:
        """Stream a blob to `path`; the file appears only when it is whole and its SHA-256 was checked.

        Raises:
            NotFound: the blob is gone.
            BadBackendAnswer: its content is not what the reference says.
        """
        return await self.blobs.download(ref, Path(path))


@asynccontextmanager
async def connect(
    url: str | None = None,
    *,
    name: str = "scibus-client",
    timeout: float = CallOptions.timeout,
    authorization: str | None = None,
) -> AsyncIterator[Bus]:
    """Connect to the bus.

    Args:
        url: NATS servers, separated by commas; by default what `SCIBUS_NATS_URL` says.
        name: shown in the server's monitoring.
        timeout: seconds to wait for each answer, where a call says nothing else.
        authorization: value of the `Authorization` header of each request.

    Raises:
        NoAnswer: NATS is out of reach or refuses the login.
    """
    given: dict[str, Any] = {"nats_url": url} if url else {}
    settings = BusSettings(**given)
    try:
        connection = await open_connection(settings, name, attempts=FIRST_TRIES)
    except LoginRefusedError as error:
        raise NoAnswer(f"NATS refuses the login: {error}", retryable=False) from error
    except (OSError, NatsError, TimeoutError) as error:
        raise NoAnswer(f"NATS is out of reach: {error!r}") from error
    try:
        options = CallOptions(timeout=timeout, authorization=authorization)
        yield Bus(connection, options, Blobs.of(connection, settings))
    finally:
        await close_connection(connection)


def _body(query: Contract) -> bytes:
    """The request as it travels: only what was said, so that the worker's defaults hold."""
    return query.model_dump_json(exclude_unset=True).encode()
