"""A connection to NATS that comes back by itself."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.bus.sturdy import SturdyClient

Callback = Callable[[], Awaitable[None]]
ErrorCallback = Callable[[Exception], Awaitable[None]]

PING_SECONDS = 5
"""A half-open connection is noticed when two of these were not answered and a third is due: after 10 to 15 s, before
the server takes a worker for dead and gives its jobs to others (the acknowledgement wait is 30 s)."""
FLUSH_SECONDS = 1.0
"""Whoever publishes while too much waits to be sent is held up so long, and not until a dead connection is noticed."""
CLOSE_SECONDS = 2.0
REFUSED = re.compile(r"(authorization|authentication) (violation|expired|revoked)", re.IGNORECASE)
"""How the server puts it, in its `-ERR`."""


class Login(Protocol):
    """How to log in, and where: `BusSettings` for the bus itself."""

    def connection_options(self) -> dict[str, Any]:
        """Options of `nats.connect`."""
        ...


class LoginRefusedError(NatsError):
    """The server is there, and does not let this login in."""


async def _nothing() -> None:
    """Called where nobody wants to know."""


async def _no_error(error: Exception) -> None:
    """Errors of a connection show in what the caller was doing."""


async def open_connection(
    login: Login,
    name: str,
    *,
    attempts: int = -1,
    on_error: ErrorCallback = _no_error,
    on_disconnect: Callback = _nothing,
    on_reconnect: Callback = _nothing,
    on_close: Callback = _nothing,
) -> Client:
    """Connect, and keep reconnecting for as long as the connection is open.

    Args:
        login: where NATS is, and who we are there.
        name: shown in the server's monitoring.
        attempts: tries for the first connection before giving up; -1 for ever.
        on_error: told of errors nobody waits for.
        on_disconnect: called when the connection is lost.
        on_reconnect: called when it is back.
        on_close: called when it is closed, also for good by a server that refuses the login or names an error.

    Raises:
        nats.errors.NoServersError: no server answered in `attempts` tries.
        LoginRefusedError: every server refused the login, which no further try mends.
    """
    connection = SturdyClient()
    refusing: set[str] = set()

    async def on_first_error(error: Exception) -> None:
        # nats-py asks the same servers again, without end where `attempts` has none.
        if REFUSED.search(str(error)) and connection._current_server is not None:
            refusing.add(connection._current_server.uri.netloc)
            if refusing >= {server.uri.netloc for server in connection._server_pool}:
                connection.drop()
                raise LoginRefusedError(f"{error}: mend user, password, token or credentials") from error
        await on_error(error)

    options: dict[str, Any] = {
        **login.connection_options(),
        "name": name,
        "connect_timeout": 5,
        "reconnect_time_wait": 1 if attempts < 0 else 0.2,
        "max_reconnect_attempts": attempts,
        "ping_interval": PING_SECONDS,
        "max_outstanding_pings": 2,
        "pending_size": 8 * 1024 * 1024,
        "flush_timeout": FLUSH_SECONDS,
        # A bounded queue of those who wait for it would hold up the pings too, and a dead link be never noticed.
        "flusher_queue_size": 0,
        "error_cb": on_first_error,
        "disconnected_cb": on_disconnect,
        "reconnected_cb": on_reconnect,
        "closed_cb": on_close,
    }
    await connection.connect(**options)
    # These were meant for the first connection only.
    connection._error_cb = on_error
    connection.options["max_reconnect_attempts"] = -1
    return connection


async def close_connection(connection: Client) -> None:
    """Close, also where the server has gone away meanwhile: then there is nothing left to send."""
    # Of a transport that is gone uvloop tells with a RuntimeError, asyncio of Python 3.12 with a TypeError.
    with suppress(OSError, NatsError, TimeoutError, RuntimeError, TypeError):
        await asyncio.wait_for(connection.close(), CLOSE_SECONDS)
