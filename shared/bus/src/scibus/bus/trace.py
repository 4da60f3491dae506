"""The trace context of what is being done right now."""

from collections.abc import Mapping
from contextvars import ContextVar

current_trace: ContextVar[Mapping[str, str]] = ContextVar("scibus_trace", default={})  # noqa: B039 - never changed
"""`traceparent` and `tracestate` of the message that is being handled: goes on to replies and backend calls."""


def trace_id(trace: Mapping[str, str]) -> str | None:
    """The trace id in a `traceparent`, or None."""
    parts = trace.get("traceparent", "").split("-")
    return parts[1] if len(parts) >= 4 else None
