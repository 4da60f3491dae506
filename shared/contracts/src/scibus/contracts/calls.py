"""Operations of a connected service: typed calls and submissions, without any code per operation."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, cast

from scibus.contracts.jobs import JobRef, JobSchedule, JobStatus
from scibus.contracts.model import Contract

if TYPE_CHECKING:
    from scibus.contracts.live.calls import LiveSubscription, MessageCallback
    from scibus.contracts.live.operation import SubscribeOperation
    from scibus.contracts.operations import Operation, Request

P = ParamSpec("P")
Query = TypeVar("Query", bound=Contract)
Answer = TypeVar("Answer")
AnswerOut = TypeVar("AnswerOut", covariant=True)

When = datetime | timedelta | str
"""When a schedule fires: once at a time, again after each span, or as the server reads it (`@daily`, cron fields)."""


@dataclass(frozen=True)
class CallOptions:
    """How something is asked for, apart from what."""

    timeout: float = 30.0
    """Seconds to wait for the answer."""
    authorization: str | None = None
    """Value of the `Authorization` header."""
    wait_for_room: bool = True
    """Whether to try again, within the timeout, when a worker is overloaded and did not take the request."""
    not_after: datetime | None = None
    """Of a job: no attempt starts after this time."""


class JobHandle(Protocol[AnswerOut]):
    """A job that was submitted; any process that knows its id can have one. Awaiting it gives the result."""

    @property
    def ref(self) -> JobRef:
        """Which job it is."""
        ...

    async def status(self) -> JobStatus:
        """What is known of the job now.

        Raises:
            NotFound: there is no such job, or it is forgotten.
        """
        ...

    def events(self) -> AsyncIterator[JobStatus]:
        """The job's status now, and each new one until it is final; none is missed for good by a lost connection."""
        ...

    async def result(self, timeout: float | None = None) -> AnswerOut:
        """Wait for the result, `timeout` seconds at most, and return it.

        Raises:
            Problem: what the job ended with; `Cancelled` when it was cancelled.
            NotFound: there is no such job.
            TimeoutError: there is no result yet.
        """
        ...

    async def cancel(self) -> JobStatus:
        """Ask for the job to be cancelled; what comes back is its status with that recorded.

        Raises:
            NotFound: there is no such job.
            NoAnswer: no worker of the service is there to record it.
        """
        ...

    def __await__(self) -> Generator[Any, Any, AnswerOut]:
        """`result` without a limit."""
        ...


class Caller(Protocol):
    """Whoever can put requests and jobs onto the bus."""

    async def request(
        self, operation: "Request[..., Query, Answer]", query: Query, options: CallOptions | None = None
    ) -> Answer:
        """Ask, and return the answer or raise a `Problem`."""
        ...

    async def submit(
        self,
        operation: "Operation[..., Query, Answer]",
        query: Query,
        job_id: str | None = None,
        options: CallOptions | None = None,
    ) -> JobHandle[Answer]:
        """Submit a job, and return once the stream has accepted it."""
        ...

    def job(
        self, operation: "Operation[..., Any, Answer]", job_id: str, options: CallOptions | None = None
    ) -> JobHandle[Answer]:
        """A job that was submitted before, here or elsewhere."""
        ...

    async def schedule(
        self,
        operation: "Operation[..., Query, Any]",
        query: Query,
        schedule_id: str,
        when: When,
        options: CallOptions | None = None,
    ) -> JobSchedule:
        """Let the server submit a job later, or again and again."""
        ...

    async def follow(
        self,
        operation: "SubscribeOperation[Any]",
        order: Any,
        options: CallOptions | None = None,
        *,
        callback: "MessageCallback | None" = None,
        reader: str | None = None,
    ) -> "LiveSubscription":
        """Let a dataset be forwarded, and read it."""
        ...


class BoundOperation(Generic[P, Query, Answer]):
    """An operation of a connected service: submit it as a job with the fields of its model."""

    def __init__(self, operation: "Operation[P, Query, Answer]", caller: Caller, options: CallOptions) -> None:
        self._operation = operation
        self._caller = caller
        self._options = options
        self.__doc__ = operation.summary

    def _build(self) -> Callable[P, Query]:
        return cast("Callable[P, Query]", self._operation.model)

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[JobHandle[Answer]]:
        """Submit a job; it is done once, whatever dies from here on.

        Raises:
            pydantic.ValidationError: the fields do not fit the model; nothing was sent.
            Overloaded: the queue is full (retryable).
            NoAnswer: no worker of the service has been on this bus, so nobody would do it.
        """
        return self._caller.submit(self._operation, self._build()(*args, **kwargs), None, self._options)

    @property
    def submit_as(self) -> "Callable[Concatenate[str, P], Awaitable[JobHandle[Answer]]]":
        """`submit_as(job_id, ...)`: as `submit`, under an id; the same id again is the same job.

        Raises:
            Conflict: the id was used for another request.
        """

        def submit(job_id: str, /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[JobHandle[Answer]]:
            return self._caller.submit(self._operation, self._build()(*args, **kwargs), job_id, self._options)

        return submit

    @property
    def schedule(self) -> "Callable[Concatenate[str, When, P], Awaitable[JobSchedule]]":
        """`schedule(schedule_id, when, ...)`: let the server submit it later, or again and again.

        An id used before is scheduled anew.
        """

        def schedule(schedule_id: str, when: When, /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[JobSchedule]:
            query = self._build()(*args, **kwargs)
            return self._caller.schedule(self._operation, query, schedule_id, when, self._options)

        return schedule

    def job(self, job_id: str) -> JobHandle[Answer]:
        """A job of this operation that was submitted before, here or elsewhere."""
        return self._caller.job(self._operation, job_id, self._options)

    def options(self, **changes: Any) -> Self:
        """The same operation with other `CallOptions`: `bus.drms.rs_list.options(timeout=5)(ds=...)`."""
        return type(self)(self._operation, self._caller, replace(self._options, **changes))


class BoundRequest(BoundOperation[P, Query, Answer]):
    """A request of a connected service: call it with the fields of its model."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[Answer]:
        """Ask, wait, and return the answer.

        Raises:
            pydantic.ValidationError: the fields do not fit the model; nothing was sent.
            Problem: the typed problem that the worker answered, or `NoAnswer` when none did.
        """
        operation = cast("Request[P, Query, Answer]", self._operation)
        return self._caller.request(operation, self._build()(*args, **kwargs), self._options)
