"""Operations are declared once, as members of a service; everything else is derived from the declaration."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, ParamSpec, Self, TypeVar, cast, overload

from scibus.contracts.calls import BoundOperation, BoundRequest, Caller, CallOptions
from scibus.contracts.model import Contract
from scibus.contracts.subjects import check_name, job_subject, request_subject
from scibus.contracts.tables import Table, TableBody

if TYPE_CHECKING:
    from scibus.contracts.blocking import Blocking, BlockingOperation, BlockingRequest
    from scibus.contracts.live.operation import SubscribeOperation

P = ParamSpec("P")
Query = TypeVar("Query", bound=Contract)
Answer = TypeVar("Answer")
SCHEMA_PREFIX = "urn:scibus:schema:v1:"
ATTEMPTS = 5
REQUEST_LIMIT = 600.0
JOB_LIMIT = 24 * 3600.0


class Operation(Generic[P, Query, Answer]):
    """Something a service can do. Every operation can be submitted as a job.

    Args:
        model: of the request body.
        answer: what comes back.
        summary: what it is good for, in one line.
        attempts: handler starts after which a job fails for good.
        time_limit: seconds that one attempt of a job may take.
    """

    mode: ClassVar[str] = ""

    def __init__(
        self,
        model: Callable[P, Query],
        answer: type[Answer],
        *,
        summary: str,
        attempts: int = ATTEMPTS,
        time_limit: float,
    ) -> None:
        self.model = cast("type[Query]", model)
        self.answer = answer
        self.answers_table = issubclass(answer, Table)
        """Whether the answer is a table, which can travel as Arrow too."""
        self.answer_model = TableBody if self.answers_table else cast("type[Contract]", answer)
        """Model of the answer's JSON body."""
        self.summary = summary
        self.attempts = attempts
        self.time_limit = time_limit
        self._owner: type[Service] | None = None
        self.name = ""

    def __set_name__(self, owner: type["Service"], name: str) -> None:
        self._owner, self.name = owner, check_name(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.service}.{self.name}>"

    @property
    def service(self) -> str:
        """Name of the service that owns the operation."""
        if self._owner is None:
            raise TypeError("an operation is declared as a member of a Service")
        return self._owner.service_name

    def sibling(self, name: str) -> "Operation[..., Any, Any]":
        """The operation `name` of the same service.

        Raises:
            TypeError: it declares none.
        """
        for operation in self._owner.operations() if self._owner else ():
            if operation.name == name:
                return operation
        raise TypeError(f"{self.service} declares no operation {name}")

    @property
    def subject(self) -> str:
        """Where a request is published; for a job-only operation, a request there is told so."""
        return request_subject(self.service, self.name)

    @property
    def job_subject(self) -> str:
        """Where a job is submitted without an id; with one, the id follows as the last token."""
        return job_subject(self.service, self.name)

    @property
    def request_schema(self) -> str:
        """URN of the request body's JSON Schema."""
        return SCHEMA_PREFIX + self.model.__name__

    @property
    def answer_schema(self) -> str:
        """URN of the answer body's JSON Schema."""
        return SCHEMA_PREFIX + self.answer_model.__name__


class Request(Operation[P, Query, Answer]):
    """A question that is answered within a deadline; it can be submitted as a job too."""

    mode = "request"

    @overload
    def __get__(self, instance: None, owner: type["Service"]) -> Self: ...
    @overload
    def __get__(self, instance: "Blocking", owner: type["Service"]) -> "BlockingRequest[P, Query, Answer]": ...
    @overload
    def __get__(self, instance: "Service", owner: type["Service"]) -> BoundRequest[P, Query, Answer]: ...
    def __get__(self, instance: "Service | None", owner: type["Service"]) -> Any:
        return self if instance is None else instance._bound_request(self)


class JobOperation(Operation[P, Query, Answer]):
    """Work that takes longer than a request may: it can only be submitted as a job."""

    mode = "job"

    @overload
    def __get__(self, instance: None, owner: type["Service"]) -> Self: ...
    @overload
    def __get__(self, instance: "Blocking", owner: type["Service"]) -> "BlockingOperation[P, Query, Answer]": ...
    @overload
    def __get__(self, instance: "Service", owner: type["Service"]) -> BoundOperation[P, Query, Answer]: ...
    def __get__(self, instance: "Service | None", owner: type["Service"]) -> Any:
        return self if instance is None else instance._bound_job(self)


class Service:
    """A backend on the bus. Subclass it and declare its operations; connect an instance to ask.

    The service is named after the class that declares its operations, in lower case.
    """

    service_name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        declaring = next((one for one in cls.__mro__ if any(_own_operations(one))), cls)
        cls.service_name = check_name(declaring.__name__.lower())

    def __init__(self, caller: Caller, options: CallOptions | None = None) -> None:
        self._caller = caller
        self._options = options or CallOptions()

    @classmethod
    def operations(cls) -> Iterator[Operation[..., Any, Any]]:
        """The declared operations, in order of declaration."""
        return (member for one in cls.__mro__ for member in _own_operations(one))

    @classmethod
    def requests(cls) -> Iterator[Request[..., Any, Any]]:
        """Those that answer within a deadline."""
        return (operation for operation in cls.operations() if isinstance(operation, Request))

    @classmethod
    def description(cls) -> str:
        """First line of the class's docstring."""
        return (cls.__doc__ or cls.__name__).strip().partition("\n")[0]

    def options(self, **changes: Any) -> Self:
        """The same service with other `CallOptions` for all its operations."""
        return type(self)(self._caller, replace(self._options, **changes))

    def _bound_request(self, operation: Request[P, Query, Answer]) -> Any:
        return BoundRequest(operation, self._caller, self._options)

    def _bound_job(self, operation: JobOperation[P, Query, Answer]) -> Any:
        return BoundOperation(operation, self._caller, self._options)

    def _bound_subscribe(self, operation: "SubscribeOperation[Any]") -> Any:
        from scibus.contracts.live.calls import BoundSubscribe

        return BoundSubscribe(operation, self._caller, self._options)


def _own_operations(service: type) -> Iterator[Operation[..., Any, Any]]:
    return (member for member in vars(service).values() if isinstance(member, Operation))


def request(
    model: Callable[P, Query], answer: type[Answer], *, summary: str, attempts: int = ATTEMPTS
) -> Request[P, Query, Answer]:
    """Declare a request: what it asks, what it answers, and what it is good for in one line."""
    return Request(model, answer, summary=summary, attempts=attempts, time_limit=REQUEST_LIMIT)


def table(model: Callable[P, Query], *, summary: str, attempts: int = ATTEMPTS) -> Request[P, Query, Table]:
    """Declare a request whose answer is a table."""
    return Request(model, Table, summary=summary, attempts=attempts, time_limit=REQUEST_LIMIT)  # type: ignore[type-abstract]


def job(
    model: Callable[P, Query],
    answer: type[Answer],
    *,
    summary: str,
    attempts: int = ATTEMPTS,
    time_limit: float = JOB_LIMIT,
) -> JobOperation[P, Query, Answer]:
    """Declare a job: `attempts` handler starts at most, each of `time_limit` seconds at most."""
    return JobOperation(model, answer, summary=summary, attempts=attempts, time_limit=time_limit)
