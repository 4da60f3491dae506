"""A bus that goes away in the middle: told on standard error, and not waited for without end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client
from rich.text import Text

from scibus.bus.errors import NoAnswer
from scibus.client.command.exits import errors

LONGEST_AWAY = 60.0
LOOK_SECONDS = 0.5


@asynccontextmanager
async def not_without_bus(connection: Client, advice: str) -> AsyncIterator[None]:
    """Tell when the bus goes away and when it is back, and end the block when it stays away.

    Raises:
        NoAnswer: it was away for `LONGEST_AWAY` seconds; says that, and gives `advice`.
    """
    limit = asyncio.timeout(None)
    try:
        async with limit:
            telling = asyncio.create_task(_tell(connection, limit))
            try:
                yield
            finally:
                telling.cancel()
                await asyncio.wait([telling])
    except TimeoutError:
        if not limit.expired():
            raise
        raise NoAnswer(f"the bus has been away for {LONGEST_AWAY:g} s: {advice}") from None


async def _tell(connection: Client, limit: asyncio.Timeout) -> None:
    """Say of each change what it is, and set the `limit` by it."""
    is_away, loop = False, asyncio.get_running_loop()
    while not limit.expired():
        if connection.is_connected is is_away:
            is_away = not is_away
            limit.reschedule(loop.time() + LONGEST_AWAY if is_away else None)
            errors().print(
                Text(f"the bus is away: waiting {LONGEST_AWAY:g} s for it" if is_away else "the bus is back")
            )
        await asyncio.sleep(LOOK_SECONDS)
