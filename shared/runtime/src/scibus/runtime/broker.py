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

DRAIN_SECONDS = 10.0


class BusBroker(NatsBroker):
    """A NatsBroker that gets its connection from the worker, and stops also while NATS is away.

    FastStream's own logger writes a line per message to standard output; a pipe that nobody reads would stop the
    worker, so it is off.
    """

    def __init__(self) -> None:
        super().__init__(logger=None, graceful_timeout=15)
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
        with suppress(NatsError, OSError):
            await super().stop(exc_type, exc_val, exc_tb)
        if connection is None:
            return
        if connection.is_connected:
            with suppress(NatsError, OSError, TimeoutError):
                await asyncio.wait_for(connection.drain(), DRAIN_SECONDS)
        await close_connection(connection)
