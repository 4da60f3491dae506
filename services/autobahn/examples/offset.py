"""Begin with the oldest message that the broker still has; without `offset`, with the next one."""

import asyncio

from scibus.client import connect
from scibus.contracts.live import BEGIN


async def main() -> None:
    async with connect() as bus:
        held = await bus.autobahn.info(dataset="Orbit.Ephemeris")
        async with await bus.autobahn.subscribe("Orbit.Ephemeris", offset=BEGIN) as sub:
            msg = await anext(sub)
            print("begins with", msg.sequence, "of", held.first_sequence, "to", held.last_sequence)


asyncio.run(main())
