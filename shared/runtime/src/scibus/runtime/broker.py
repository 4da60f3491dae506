"""FastStream's broker on a connection of ours, which reconnects for ever and is supervised."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.bus.connection import close_connection

FLUSH_SECONDS = 2.0
STOP_SECONDS = 15


class BusBroker(NatsBroker):
    """A NatsBroker that gets its connection from the worker, and stops also while NATS is away.

    FastStream's own logger writes a line per message to standard output; a pipe that nobody reads would stop the
    worker, so it is off.
    """

    def __init__(self) -> None:
        super().__init__(logger=None, graceful_timeout=STOP_SECONDS)
        self.open: Callable[[], Awaitable[Client]] | None = None

    async def _connect(self) -> Any:
        if self.open is None:
            raise RuntimeError("the broker belongs to a worker, which starts it")
        connection = await self.open()
        self.config.connect(connection)
        return connection

    async def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Stop the subscribers and close the connection, drained where there is one."""
        connection: Client | None = self._connection
        self._connection = None
        with suppress(NatsError, OSError, TimeoutError):
            await asyncio.wait_for(super().stop(exc_type, exc_val, exc_tb), STOP_SECONDS + 1)
        if connection is None:
            return
        if connection.is_connected:
            # The last answers are still on their way.
            with suppress(NatsError, OSError, TimeoutError):
                await asyncio.wait_for(connection.flush(), FLUSH_SECONDS)
        await close_connection(connection)
