"""The same for many subscriptions, a few of them at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

Item = TypeVar("Item")

AT_ONCE = 16


async def for_each(items: Iterable[Item], work: Callable[[Item], Awaitable[Any]]) -> None:
    """`work` for each of `items`, a few at once; the first that fails fails all."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> None:
        async with room:
            await work(item)

    await asyncio.gather(*(one(item) for item in items))
