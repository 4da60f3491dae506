"""Reading so many messages and no more."""

import asyncio

from scibus.contracts.live import LiveMessage, LiveSubscription

SECONDS = 40.0


async def many(subscription: LiveSubscription, count: int, seconds: float = SECONDS) -> list[LiveMessage]:
    """The next `count` messages.

    Raises:
        TimeoutError: they do not come within `seconds`.
    """
    async with asyncio.timeout(seconds):
        return [await anext(subscription) for _ in range(count)]


async def sequences(subscription: LiveSubscription, count: int, seconds: float = SECONDS) -> list[int]:
    """The sequences of the next `count` messages."""
    return [message.sequence for message in await many(subscription, count, seconds)]
