"""Ask JSOC over the bus with nothing but nats-py: any NATS client in any language does the same."""

import asyncio
import json
import os

import nats


async def main() -> None:
    bus = await nats.connect(os.environ.get("SCIBUS_NATS_URL", "nats://127.0.0.1:4222"))

    body = {"ds": "hmi.v_45s[2013.07.03_08:42_TAI/3m]", "key": ["T_REC", "QUALITY"]}
    reply = await bus.request("scibus.v1.req.drms.rs_list", json.dumps(body).encode(), timeout=10)

    answer = json.loads(reply.data)
    if reply.headers and "Nats-Service-Error-Code" in reply.headers:
        print(f"{answer['title']}: {answer['detail']}")
    else:
        for column in answer["keywords"]:
            print(column["name"], *column["values"])

    await bus.close()


asyncio.run(main())
