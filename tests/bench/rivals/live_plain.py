"""The yardstick: a bare nats-py pull consumer on each dataset's stream at the source, acknowledging each message."""

import asyncio
import ssl

import nats
import uvloop
from nats.errors import TimeoutError as FetchTimeout

from tests.bench.rivals.arrivals import ASKED, Arrivals


async def main() -> None:
    arrivals, over = Arrivals(), asyncio.Event()
    context = ssl.create_default_context(cafile=ASKED["publisher"]["ca"])
    connections = []

    async def follow(dataset):
        while not over.is_set():
            try:
                messages = await dataset.fetch(ASKED["batch"], timeout=2)
            except FetchTimeout:
                continue
            for message in messages:
                await message.ack()
                if arrivals.note(message.data):
                    over.set()

    following = []
    for slug in ASKED["datasets"]:
        told = ASKED["publisher"]["datasets"][slug]
        connection = await nats.connect(ASKED["publisher"]["url"], tls=context, user_credentials=told["credentials"])
        connections.append(connection)
        pull = await connection.jetstream().pull_subscribe(told["subject"], ASKED["name"], stream=told["stream"])
        following.append(asyncio.create_task(follow(pull)))
    arrivals.ready()
    await over.wait()
    arrivals.tell()
    for task in following:
        task.cancel()
    await asyncio.gather(*following, *(connection.close() for connection in connections), return_exceptions=True)


uvloop.run(main())
