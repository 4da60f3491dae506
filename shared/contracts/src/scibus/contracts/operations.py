"""Operations are declared once, as members of a service; everything else is derived from the declaration."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, ParamSpec, Protocol, Self, TypeVar, cast, overload

from scibus.contracts.model import Contract
from scibus.contracts.subjects import check_name, request_subject
from scibus.contracts.tables import Table, TableBody

P = ParamSpec("P")
Query = TypeVar("Query", bound=Contract)
Answer = TypeVar("Answer")
SCHEMA_PREFIX = "urn:scibus:schema:v1:"


@dataclass(frozen=True)
class CallOptions:
    """How a request is made, apart from what it asks."""

    timeout: float = 30.0
    """Seconds to wait for the answer."""
    authorization: str | None = None
    """Value of the `Authorization` header."""
    wait_for_room: bool = True
    """Whether to try again, within the timeout, when a worker is overloaded and did not take the request."""


class Caller(Protocol):
    """Whoever can put a request onto the bus and wait for its answer."""

    async def request(
        self, operation: "Request[..., Query, Answer]", query: Query, options: CallOptions | None = None
    ) -> Answer:
        """Ask, and return the answer or raise a `Problem`."""
        ...


class Operation(Generic[P, Query, Answer]):
    """Something a service can do, whatever the transport."""

    def __init__(self, model: Callable[P, Query], answer: type[Answer], *, summary: str) -> None:
        self.model = cast("type[Query]", model)
        self.answer = answer
        self.summary = summary
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

    @property
    def answers_table(self) -> bool:
        """Whether the answer is a table, which can travel as Arrow too."""
        return issubclass(self.answer, Table)

    @property
    def answer_model(self) -> type[Contract]:
        """Model of the answer's JSON body."""
        return TableBody if self.answers_table else cast("type[Contract]", self.answer)

    @property
    def request_schema(self) -> str:
        """URN of the request body's JSON Schema."""
        return SCHEMA_PREFIX + self.model.__name__

    @property
    def answer_schema(self) -> str:
        """URN of the answer body's JSON Schema."""
        return SCHEMA_PREFIX + self.answer_model.__name__


class Request(Operation[P, Query, Answer]):
    """A question that is answered within a deadline."""

    @property
    def subject(self) -> str:
        """Where the request is published."""
        return request_subject(self.service, self.name)

    @overload
    def __get__(self, instance: None, owner: type["Service"]) -> Self: ...
    @overload
    def __get__(self, instance: "Service", owner: type["Service"]) -> "BoundRequest[P, Query, Answer]": ...
    def __get__(self, instance: "Service | None", owner: type["Service"]) -> "Self | BoundRequest[P, Query, Answer]":
        return self if instance is None else BoundRequest(self, instance._caller, instance._options)


class BoundRequest(Generic[P, Query, Answer]):
    """A request of a connected service: call it with the fields of its model."""

    def __init__(self, operation: Request[P, Query, Answer], caller: Caller, options: CallOptions) -> None:
        self.operation = operation
        self._caller = caller
        self._options = options
        self.__doc__ = operation.summary

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[Answer]:
        """Ask, wait, and return the answer.

        Raises:
            pydantic.ValidationError: the fields do not fit the model; nothing was sent.
            Problem: the typed problem that the worker answered, or `NoAnswer` when none did.
        """
        build = cast("Callable[P, Query]", self.operation.model)
        return self._caller.request(self.operation, build(*args, **kwargs), self._options)

    def options(self, **changes: Any) -> Self:
        """The same request with other `CallOptions`: `bus.drms.rs_list.options(timeout=5)(ds=...)`."""
        return type(self)(self.operation, self._caller, replace(self._options, **changes))


class Service:
    """A backend on the bus. Subclass it and declare its operations; connect an instance to ask.

    The service is named after the class, in lower case.
    """

    service_name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.service_name = check_name(cls.__name__.lower())

    def __init__(self, caller: Caller, options: CallOptions | None = None) -> None:
        self._caller = caller
        self._options = options or CallOptions()

    @classmethod
    def operations(cls) -> "Iterator[Request[..., Any, Any]]":
        """The declared operations, in order of declaration."""
        return (member for member in vars(cls).values() if isinstance(member, Request))

    @classmethod
    def description(cls) -> str:
        """First line of the class's docstring."""
        return (cls.__doc__ or cls.__name__).strip().partition("\n")[0]

    def options(self, **changes: Any) -> Self:
        """The same service with other `CallOptions` for all its operations."""
        return type(self)(self._caller, replace(self._options, **changes))


def request(model: Callable[P, Query], answer: type[Answer], *, summary: str) -> Request[P, Query, Answer]:
    """Declare a request: what it asks, what it answers, and what it is good for in one line."""
    return Request(model, answer, summary=summary)


def table(model: Callable[P, Query], *, summary: str) -> Request[P, Query, Table]:
    """Declare a request whose answer is a table."""
    return Request(model, Table, summary=summary)  # type: ignore[type-abstract]
