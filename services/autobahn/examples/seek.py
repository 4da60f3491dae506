"""Let a subscription go on elsewhere in the history of its dataset: at a sequence number, or at a time."""

import asyncio
from datetime import UTC, datetime, timedelta

from scibus.client import connect


async def main() -> None:
    async with connect() as bus, await bus.autobahn.subscribe("weather", id="seeking") as sub:
        # seek to message sequence 1
        state = await sub.seek(1)
        msg = await anext(sub)
        print("message", msg.sequence, "of epoch", msg.epoch, msg.epoch == state.epoch)

        # seek to 5 minutes ago
        await sub.seek(datetime.now(UTC) - timedelta(minutes=5))
        msg = await anext(sub)
        print("message", msg.sequence, "of", msg.time)

        await sub.unsubscribe()


asyncio.run(main())
