"""Read a dataset of the Mission Data Broker: the worker holds certificate and tokens, a reader needs the bus only."""

import asyncio

from scibus.client import connect
from scibus.contracts.live import BEGIN


async def main() -> None:
    async with connect() as bus, await bus.autobahn.subscribe("weather", offset=BEGIN) as sub:
        async for msg in sub:
            print(msg.sequence, msg.time, msg.data.decode())
            if msg.sequence == 5:
                break


asyncio.run(main())
