"""Objects and a region of a file with nothing but nats-py: the result refers to a file in the object store."""

import asyncio
import json
import os

import nats


async def main() -> None:
    bus = await nats.connect(os.environ.get("SCIBUS_NATS_URL", "nats://127.0.0.1:4222"))

    reply = await bus.request("scibus.v1.req.modos.find", b'{"query": "GIAB"}', timeout=10)
    [found] = json.loads(reply.data)["data"]

    jetstream = bus.jetstream()
    order = {"modo": found["path"], "file": "calls1.bcf", "regions": [{"reference_name": "chr1", "start": 0, "end": 9}]}
    await jetstream.publish("scibus.v1.job.modos.stream.mine", json.dumps(order).encode())
    results = await jetstream.subscribe("scibus.v1.result.modos.stream.mine", ordered_consumer=True)
    message = await results.next_msg(timeout=30)
    ref = json.loads(message.data)["blob"]

    store = await jetstream.object_store(ref["bucket"])
    content = await store.get(ref["name"])
    print(message.headers["Scibus-State"], len(content.data) == ref["size"])

    await bus.close()


asyncio.run(main())
