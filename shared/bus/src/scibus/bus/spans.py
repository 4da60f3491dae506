"""OpenTelemetry spans, in a program that has OpenTelemetry; otherwise only the W3C trace context is carried on.

A program that traces has given OpenTelemetry's API a tracer provider; in all others a span costs two looks.
"""

import sys
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any, Literal, Self

from scibus.bus.trace import current_trace
from scibus.contracts.operations import Operation
from scibus.contracts.problems import Problem

Kind = Literal["CLIENT", "SERVER", "PRODUCER", "CONSUMER"]
CLIENT: Kind = "CLIENT"
SERVER: Kind = "SERVER"
PRODUCER: Kind = "PRODUCER"
CONSUMER: Kind = "CONSUMER"
_API = "opentelemetry.trace"
Attributes = Mapping[str, str | int | float | bool]


def span(name: str, kind: Kind, attributes: Attributes, parent: Mapping[str, str] | None = None) -> "Span":
    """A span around a block, named and described as the semantic conventions say.

    Inside the block `current_trace` is the context for whatever is sent. Ends with the slug of the `Problem` that left
    the block as its `error.type`; what exceptions say is not told.

    Args:
        name: of the span.
        kind: `CLIENT` and so on.
        attributes: what it is about; no secrets, no addresses.
        parent: headers of the message that is being handled; by default what is going on here already.
    """
    return _Recorded(name, kind, attributes, parent) if _traces() else Span(parent)


def _traces() -> bool:
    # FastStream imports the API wherever it is installed; that alone traces nothing.
    api = sys.modules.get(_API)
    return api is not None and not isinstance(api.get_tracer_provider(), api.ProxyTracerProvider)


@cache
def messaging(name: str, operation: Operation[..., Any, Any], subject: str) -> Attributes:
    """Attributes of a span about a message; `name` is what is done with it: request, publish or process."""
    return {
        "messaging.system": "nats",
        "messaging.operation.name": name,
        "messaging.operation.type": "process" if name == "process" else "send",
        "messaging.destination.name": subject,
        "scibus.service": operation.service,
        "scibus.operation": operation.name,
    }


class Span:
    """Records nothing, and carries the trace context of a message on."""

    def __init__(self, parent: Mapping[str, str] | None) -> None:
        self._parent = parent
        self._restore: Any = None

    def __enter__(self) -> Self:
        if self._parent:
            self._restore = current_trace.set(self._parent)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._restore is not None:
            current_trace.reset(self._restore)

    def failed(self, error_type: str) -> None:
        """Say that what the span is about went wrong, though no exception leaves the block."""


class _Recorded(Span):
    def __init__(self, name: str, kind: Kind, attributes: Attributes, parent: Mapping[str, str] | None) -> None:
        super().__init__(parent)
        self._name, self._kind, self._attributes = name, kind, attributes
        self._error_type: str | None = None

    def __enter__(self) -> Self:
        from opentelemetry import context, trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        propagator = TraceContextTextMapPropagator()
        around = None
        if self._parent is not None or not trace.get_current_span().get_span_context().is_valid:
            around = propagator.extract(dict(self._parent if self._parent is not None else current_trace.get()))
        self._span = trace.get_tracer("scibus").start_span(
            self._name, context=around, kind=trace.SpanKind[self._kind], attributes=dict(self._attributes)
        )
        inside = trace.set_span_in_context(self._span)
        self._detach = context.attach(inside)
        carried: dict[str, str] = {}
        propagator.inject(carried, inside)
        self._restore = current_trace.set(carried)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from opentelemetry import context
        from opentelemetry.trace import StatusCode

        error_type = error_type_of(error) if error is not None else self._error_type
        if error_type:
            self._span.set_attribute("error.type", error_type)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
        context.detach(self._detach)
        super().__exit__(kind, error, trace)

    def failed(self, error_type: str) -> None:
        self._error_type = error_type


def error_type_of(error: BaseException) -> str:
    """What `error.type` says of an exception: a problem's slug, or its class."""
    return error.details.slug if isinstance(error, Problem) else type(error).__name__
