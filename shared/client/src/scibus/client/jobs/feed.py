"""The newest messages on a subject, taken at the reader's pace."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

NEWEST = 1000
"""Messages kept for a slow reader; older ones are left out."""


class Feed:
    """What arrived on a subject and was not taken yet."""

    def __init__(self) -> None:
        self._messages: deque[Msg] = deque(maxlen=NEWEST)
        self._arrived = asyncio.Event()

    async def put(self, message: Msg) -> None:
        """Called by the subscription."""
        self._messages.append(message)
        self._arrived.set()

    async def next(self, seconds: float) -> Msg | None:
        """The next message; None when `seconds` have passed without one."""
        if not self._messages:
            self._arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), seconds)
        return self._messages.popleft() if self._messages else None


@asynccontextmanager
async def following(connection: Client, subject: str) -> AsyncIterator[Feed]:
    """A feed of `subject`: whatever is published from now on. It outlives a lost connection."""
    feed = Feed()
    subscription = await connection.subscribe(subject, cb=feed.put)
    try:
        yield feed
    finally:
        with suppress(NatsError):
            await subscription.unsubscribe()
