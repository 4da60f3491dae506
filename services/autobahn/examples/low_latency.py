"""A message that comes alone is passed on at once, whatever `batch` says: there is nothing to be set for that."""

import asyncio
from datetime import UTC, datetime

from scibus.client import connect


async def main() -> None:
    async with connect() as bus, await bus.autobahn.subscribe("solar-wind", batch=10) as sub:
        for _ in range(2):
            msg = await anext(sub)
            late = datetime.now(UTC) - msg.time
            print("message", msg.sequence, "came within a second:", late.total_seconds() < 1)


asyncio.run(main())
