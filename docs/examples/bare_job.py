"""A job with nothing but nats-py: submit it under an id, hear of it, read its one result. Any NATS client does so."""

import asyncio
import base64
import json
import os

import nats

JOB = "drms.rs_summary.bare-1"


async def main() -> None:
    bus = await nats.connect(os.environ.get("SCIBUS_NATS_URL", "nats://127.0.0.1:4222"))
    events = await bus.subscribe(f"scibus.v1.event.{JOB}")
    await bus.flush()

    body = json.dumps({"ds": "hmi.v_45s[2013.07.03_08:42_TAI/3m]"}).encode()
    accepted = await bus.request(f"scibus.v1.job.{JOB}", body, headers={"Nats-Msg-Id": JOB}, timeout=5)
    print("accepted in", json.loads(accepted.data)["stream"])

    while (status := json.loads((await events.next_msg(timeout=30)).data))["state"] == "running":
        print("attempt", status["attempt"], "of", status["max_attempts"])
    print(status["state"])

    asked = json.dumps({"last_by_subj": f"scibus.v1.result.{JOB}"}).encode()
    reply = await bus.request("$JS.API.STREAM.MSG.GET.SCIBUS_RESULTS", asked, timeout=5)
    stored = json.loads(reply.data)["message"]
    print(
        "Scibus-State: succeeded" in base64.b64decode(stored["hdrs"]).decode(),
        base64.b64decode(stored["data"]).decode(),
    )
    await bus.close()


asyncio.run(main())
