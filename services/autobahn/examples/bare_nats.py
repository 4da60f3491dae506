"""Follow a dataset with nothing but nats-py: messages come as they were at the source, from a stream of the bus."""

import asyncio
import json
import os

import nats


async def main() -> None:
    bus = await nats.connect(os.environ.get("SCIBUS_NATS_URL", "nats://127.0.0.1:4222"))

    body = {"dataset": "weather", "id": "bare", "offset": "begin"}
    reply = await bus.request("scibus.v1.req.autobahn.subscribe", json.dumps(body).encode(), timeout=10)
    state = json.loads(reply.data)

    sub = await bus.jetstream().subscribe(state["subject"], ordered_consumer=True)
    for _ in range(3):
        msg = await sub.next_msg(timeout=10)
        print(msg.headers["Scibus-Sequence"], msg.headers["Scibus-Time"], msg.data.decode())

    await bus.close()


asyncio.run(main())
