"""A reader with a name goes on where it stopped; a message is acknowledged when the work on it is done."""

import asyncio

from scibus.client import connect
from scibus.contracts.live import BEGIN


async def run(count: int) -> None:
    async with connect() as bus, await bus.autobahn.subscribe("weather", offset=BEGIN, reader="archive") as sub:
        for _ in range(count):
            msg = await anext(sub)
            if msg.gap:
                print("lost before it was read:", msg.gap)
            print("archived", msg.sequence)


async def main() -> None:
    await run(3)
    print("and after a restart")
    await run(2)


asyncio.run(main())
