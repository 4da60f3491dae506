"""FastStream's broker on a connection of ours, which reconnects for ever and is supervised."""

from collections.abc import Awaitable, Callable
from typing import Any

from faststream.nats import NatsBroker
from nats.aio.client import Client


class BusBroker(NatsBroker):
    """A NatsBroker that gets its connection from the worker.

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
