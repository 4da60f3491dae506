"""Readers of the bus, one for each dataset: the worker forwards from the source."""

import asyncio

import uvloop

from scibus.client import connect
from scibus.contracts.live import BEGIN
from tests.bench.rivals.arrivals import ASKED, Arrivals


async def main() -> None:
    arrivals, over = Arrivals(), asyncio.Event()
    async with connect(ASKED["bus"]) as bus:

        async def follow(subscription):
            async for message in subscription:
                if arrivals.note(message.data):
                    over.set()

        subscribe = bus.autobahn.subscribe
        subscriptions = await asyncio.gather(
            *(subscribe(slug, id=f"{ASKED['name']}-{slug}", offset=BEGIN) for slug in ASKED["datasets"])
        )
        following = [asyncio.create_task(follow(subscription)) for subscription in subscriptions]
        arrivals.ready()
        await over.wait()
        arrivals.tell()
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await asyncio.gather(*(subscription.unsubscribe() for subscription in subscriptions))


uvloop.run(main())
