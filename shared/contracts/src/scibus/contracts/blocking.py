"""Operations for programs without an event loop: the same fields and answers, and each call waits."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar

from scibus.contracts.calls import BoundOperation, BoundRequest, Caller, CallOptions, JobHandle, When
from scibus.contracts.jobs import JobRef, JobSchedule, JobStatus
from scibus.contracts.model import Contract
from scibus.contracts.operations import JobOperation, Request, Service

if TYPE_CHECKING:
    from scibus.contracts.live.operation import SubscribeOperation

P = ParamSpec("P")
Query = TypeVar("Query", bound=Contract)
Answer = TypeVar("Answer")
Value = TypeVar("Value")


class Waiting(Protocol):
    """Runs what is asynchronous elsewhere, and waits for it here."""

    def wait(self, work: Callable[[], Awaitable[Value]]) -> Value:
        """What `work` returns or raises."""
        ...

    def each(self, items: AsyncIterator[Value]) -> Iterator[Value]:
        """The items, as they come."""
        ...


class Blocking(Service):
    """A service whose operations wait: `class BlockingDrms(Blocking, Drms)` is all that one takes."""

    def __init__(self, caller: Caller, options: CallOptions | None = None, *, waiting: Waiting) -> None:
        super().__init__(caller, options)
        self._waiting = waiting

    def options(self, **changes: Any) -> Self:
        """The same service with other `CallOptions` for all its operations."""
        return type(self)(self._caller, replace(self._options, **changes), waiting=self._waiting)

    def _bound_request(self, operation: "Request[P, Query, Answer]") -> Any:
        return BlockingRequest(BoundRequest(operation, self._caller, self._options), self._waiting)

    def _bound_job(self, operation: "JobOperation[P, Query, Answer]") -> Any:
        return BlockingOperation(BoundOperation(operation, self._caller, self._options), self._waiting)

    def _bound_subscribe(self, operation: "SubscribeOperation[Any]") -> Any:
        from scibus.contracts.live.blocking import BlockingSubscribe

        return BlockingSubscribe(super()._bound_subscribe(operation), self._waiting)


class BlockingJob(Generic[Answer]):
    """A job that was submitted; any process that knows its id can have one."""

    def __init__(self, handle: JobHandle[Answer], waiting: Waiting) -> None:
        self._handle = handle
        self._waiting = waiting

    @property
    def ref(self) -> JobRef:
        """Which job it is."""
        return self._handle.ref

    def status(self) -> JobStatus:
        """What is known of the job now.

        Raises:
            NotFound: there is no such job, or it is forgotten.
        """
        return self._waiting.wait(self._handle.status)

    def events(self) -> Iterator[JobStatus]:
        """The job's status now, and each new one until it is final; none is missed for good by a lost connection."""
        return self._waiting.each(self._handle.events())

    def result(self, timeout: float | None = None) -> Answer:
        """Wait for the result, `timeout` seconds at most, and return it.

        Raises:
            Problem: what the job ended with; `Cancelled` when it was cancelled.
            NotFound: there is no such job.
            TimeoutError: there is no result yet.
        """
        return self._waiting.wait(lambda: self._handle.result(timeout))

    def cancel(self) -> JobStatus:
        """Ask for the job to be cancelled; what comes back is its status with that recorded.

        Raises:
            NotFound: there is no such job.
            NoAnswer: no worker of the service is there to record it.
        """
        return self._waiting.wait(self._handle.cancel)


class BlockingOperation(Generic[P, Query, Answer]):
    """An operation of a connected service: submit it as a job with the fields of its model."""

    def __init__(self, bound: BoundOperation[P, Query, Answer], waiting: Waiting) -> None:
        self._bound = bound
        self._waiting = waiting
        self.__doc__ = bound.__doc__

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> BlockingJob[Answer]:
        """Submit a job; it is done once, whatever dies from here on. Raises what `BoundOperation.submit` raises."""
        return self._job(self._waiting.wait(lambda: self._bound.submit(*args, **kwargs)))

    @property
    def submit_as(self) -> "Callable[Concatenate[str, P], BlockingJob[Answer]]":
        """`submit_as(job_id, ...)`: as `submit`, under an id; the same id again is the same job.

        Raises:
            Conflict: the id was used for another request.
        """

        def submit(job_id: str, /, *args: P.args, **kwargs: P.kwargs) -> BlockingJob[Answer]:
            return self._job(self._waiting.wait(lambda: self._bound.submit_as(job_id, *args, **kwargs)))

        return submit

    @property
    def schedule(self) -> "Callable[Concatenate[str, When, P], JobSchedule]":
        """`schedule(schedule_id, when, ...)`: let the server submit it later, or again and again."""

        def schedule(schedule_id: str, when: When, /, *args: P.args, **kwargs: P.kwargs) -> JobSchedule:
            return self._waiting.wait(lambda: self._bound.schedule(schedule_id, when, *args, **kwargs))

        return schedule

    def job(self, job_id: str) -> BlockingJob[Answer]:
        """A job of this operation that was submitted before, here or elsewhere."""
        return self._job(self._bound.job(job_id))

    def options(self, **changes: Any) -> Self:
        """The same operation with other `CallOptions`: `bus.drms.rs_list.options(timeout=5)(ds=...)`."""
        return type(self)(self._bound.options(**changes), self._waiting)

    def _job(self, handle: JobHandle[Answer]) -> BlockingJob[Answer]:
        return BlockingJob(handle, self._waiting)


class BlockingRequest(BlockingOperation[P, Query, Answer]):
    """A request of a connected service: call it with the fields of its model."""

    def __init__(self, bound: BoundRequest[P, Query, Answer], waiting: Waiting) -> None:
        super().__init__(bound, waiting)
        self._request = bound

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Answer:
        """Ask, wait, and return the answer. Raises what `BoundRequest` raises."""
        return self._waiting.wait(lambda: self._request(*args, **kwargs))
