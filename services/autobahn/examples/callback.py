"""Have a function called with each message, one after the other; it may be asynchronous too."""

import asyncio

from scibus.client import connect
from scibus.contracts.live import BEGIN, LiveMessage


def cb(msg: LiveMessage) -> None:
    print(msg.sequence, msg.data.decode())


async def main() -> None:
    async with connect() as bus, await bus.autobahn.subscribe("weather", offset=BEGIN, callback=cb) as sub:
        done = await sub.wait(messages=10)
        more = await sub.wait(timeout=0.5)
        print("10 or more messages are done:", done >= 10)
        print("for half a second more:", more >= 0)


asyncio.run(main())
