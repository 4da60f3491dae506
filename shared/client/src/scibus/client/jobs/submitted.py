"""A job in the hands of whoever waits for it."""

import asyncio
from collections.abc import AsyncIterator, Generator
from typing import Any, Generic, TypeVar

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from pydantic import ValidationError

from scibus.bus import headers as h
from scibus.bus.blobs import Blobs
from scibus.bus.errors import NoAnswer
from scibus.bus.stored import StoredMessage
from scibus.bus.topology import DAY, RESULTS_KEPT
from scibus.client.answers import read_answer, read_problem, warn_of_ignored
from scibus.client.jobs.feed import following
from scibus.client.jobs.lookup import JobLookup
from scibus.client.jobs.patience import Patience
from scibus.client.jobs.watching import watch
from scibus.client.outgoing import caller_headers
from scibus.contracts.calls import CallOptions
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.operations import Operation
from scibus.contracts.problems import BadBackendAnswer, NotFound
from scibus.contracts.subjects import cancel_subject, result_subject

Answer = TypeVar("Answer")

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
"""Seconds until the next look at the results, where no hint comes: hints may be lost."""


class SubmittedJob(Generic[Answer]):
    """A job that was submitted, here or elsewhere. Awaiting it gives its result.

    Args:
        connection: to NATS.
        blobs: where large answers are.
        operation: what was asked for.
        job_id: which job.
        options: timeout and authorization of a cancellation.
    """

    def __init__(
        self,
        connection: Client,
        blobs: Blobs,
        operation: Operation[..., Any, Answer],
        job_id: str,
        options: CallOptions,
    ) -> None:
        self._connection = connection
        self._blobs = blobs
        self._operation = operation
        self._options = options
        self._ref = JobRef(operation.service, operation.name, job_id)
        self._lookup = JobLookup(connection, self._ref)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._ref}>"

    @property
    def ref(self) -> JobRef:
        """Which job it is."""
        return self._ref

    @property
    def job_id(self) -> str:
        """Its id, unique within the operation."""
        return self._ref.job_id

    async def status(self) -> JobStatus:
        """What is known of the job now.

        Raises:
            NotFound: there is no such job, or it is forgotten.
            NoAnswer: JetStream is out of reach.
        """
        return (await self._lookup.seen()).status

    def events(self) -> AsyncIterator[JobStatus]:
        """The job's status now, and each new one until it is final.

        A slow reader is told of the newest ones; the final one is always among them. While the connection is lost
        nothing comes; what happened meanwhile is told when it is back.

        Raises:
            NotFound: there is no such job, or it is forgotten.
            NoAnswer: JetStream is out of reach from the beginning, or the connection was closed.
        """
        return watch(self._connection, self._ref)

    async def result(self, timeout: float | None = None) -> Answer:
        """Wait for the result, `timeout` seconds at most, and return it.

        Raises:
            Problem: what the job ended with; `Cancelled` when it was cancelled.
            NotFound: there is no such job, or its result is not kept any more.
            TimeoutError: there is no result yet.
            NoAnswer: JetStream is out of reach from the beginning, or the connection was closed.
        """
        try:
            async with asyncio.timeout(timeout):
                message = await self._ended()
        except TimeoutError:
            raise TimeoutError(f"{self._ref} has no result after {timeout} s") from None
        warn_of_ignored(str(self._ref), message.headers)
        answer: Answer = await read_answer(self._operation, message.data, message.headers, self._blobs)
        return answer

    def __await__(self) -> Generator[Any, Any, Answer]:
        return self.result().__await__()

    async def cancel(self) -> JobStatus:
        """Ask for the job to be cancelled; what comes back is its status with that recorded.

        Raises:
            NotFound: there is no such job.
            NoAnswer: no worker of the service is there to record it.
        """
        subject, timeout = cancel_subject(*self._ref), self._options.timeout
        try:
            reply = await self._connection.request(
                subject, b"", timeout=timeout, headers=caller_headers(self._options) or None
            )
        except NoRespondersError as error:
            raise NoAnswer(f"no worker of {self._ref.service} is there to cancel {self._ref}") from error
        except TimeoutError as error:
            raise NoAnswer(f"no answer to the cancellation of {self._ref} within {timeout:g} s") from error
        except NatsError as error:
            raise NoAnswer(f"{self._ref} could not be cancelled: {error}") from error
        headers = reply.headers or {}
        if h.ERROR_CODE in headers:
            raise read_problem(reply.data, headers)
        try:
            return JobStatus.model_validate_json(reply.data)
        except ValidationError as error:
            raise BadBackendAnswer(f"the answer to the cancellation of {self._ref} is no status") from error

    async def _ended(self) -> StoredMessage:
        """The terminal message, once it is there. What a subscription sees of it is a hint and no more."""
        patience, pause = Patience(self._connection), FIRST_PAUSE
        async with following(self._connection, result_subject(*self._ref)) as hints:
            while True:
                if message := await patience.look(self._look()):
                    return message
                await hints.next(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _look(self) -> StoredMessage | None:
        """The terminal message; None while there may still come one."""
        if message := await self._lookup.result():
            return message
        known = await self._lookup.known()
        if known is not None and not known.status.is_final:
            return None
        # It may have ended between the two.
        if message := await self._lookup.result():
            return message
        if known is None:
            raise NotFound(f"there is no job {self._ref}, or it is forgotten")
        raise NotFound(f"{self._ref} has ended; its result is not there any more: kept {RESULTS_KEPT // DAY} days")
