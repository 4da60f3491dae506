"""Many messages at once, as they come off the wire: only those that somebody looks at are made into more than bytes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.bus.raw_messages import RawMessage
from scibus.bus.sturdy import subscribe_raw


class Gathering:
    """The messages that arrive on one inbox, each batch as it was asked for."""

    def __init__(self) -> None:
        self._messages: list[RawMessage] = []
        self._told: Mapping[str, str] | None = None
        self._wanted = 0
        self._enough = asyncio.Event()

    async def batch(self, count: int, seconds: float) -> tuple[list[RawMessage], Mapping[str, str] | None]:
        """The next `count` messages and None; or fewer, and what the server said instead of more.

        Raises:
            TimeoutError: for `seconds` nothing came.
        """
        self._wanted = count
        seen = -1
        while self._told is None and len(self._messages) < count:
            if seen == len(self._messages):
                raise TimeoutError
            seen = len(self._messages)
            self._enough.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), seconds)
        messages, self._messages = self._messages[:count], self._messages[count:]
        told, self._told = self._told, None
        return messages, told

    def take(self, message: RawMessage) -> None:
        """Called with each message."""
        self._messages.append(message)
        if len(self._messages) >= self._wanted:
            self._enough.set()

    def told(self, headers: Mapping[str, str]) -> None:
        """Called with what the server says itself."""
        self._told = headers
        self._enough.set()


@asynccontextmanager
async def gathering(connection: Client, inbox: str) -> AsyncIterator[Gathering]:
    """What arrives on `inbox`."""
    gathered = Gathering()
    unlimited = {"pending_msgs_limit": -1, "pending_bytes_limit": -1}
    subscription = await subscribe_raw(connection, inbox, gathered.take, told=gathered.told, **unlimited)
    try:
        yield gathered
    finally:
        with suppress(NatsError):
            await subscription.unsubscribe()
