"""What goes out with a request or a job beside its body."""

from collections.abc import Mapping
from typing import Any

from nats.aio.client import Client

from scibus.bus import headers as h
from scibus.bus.tables import has_arrow
from scibus.bus.trace import current_trace
from scibus.contracts.calls import CallOptions
from scibus.contracts.operations import Operation
from scibus.contracts.problems import TooLarge
from scibus.contracts.tables import ARROW_STREAM, JSON

SPARE = 4096
"""Bytes of a message that are left for what the server and the protocol add."""


def asking_headers(operation: Operation[..., Any, Any], options: CallOptions) -> dict[str, str]:
    """What the body is, how the answer shall come, and who asks."""
    headers = {h.CONTENT_TYPE: JSON, **caller_headers(options)}
    if operation.answers_table and has_arrow():
        headers[h.ACCEPT] = ARROW_STREAM
    return headers


def caller_headers(options: CallOptions) -> dict[str, str]:
    """Who asks, and within which trace."""
    headers = dict(current_trace.get())
    if options.authorization:
        headers[h.AUTHORIZATION] = options.authorization
    return headers


def check_size(connection: Client, name: str, body: bytes, headers: Mapping[str, str], spare: int = SPARE) -> None:
    """Make sure that the message fits.

    Raises:
        TooLarge: it does not.
    """
    if len(body) + sum(map(len, [*headers, *headers.values()])) > connection.max_payload - spare:
        raise TooLarge(f"the request {name} has {len(body)} bytes, a message holds {connection.max_payload}")
