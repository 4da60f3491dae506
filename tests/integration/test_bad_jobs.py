"""Bad bodies on every job subject: each ends as a failed result and a dead letter, and blocks nobody.

`make chaos` submits more of them.
"""

import asyncio
import json
from collections import Counter

import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from scibus.contracts.drms import Drms
from tests.integration.test_bad_bodies import generate
from tests.waiting import until

OPERATIONS = list(Drms.operations())
BODIES = 250


async def kept(bus, stream, state):
    """How many messages of `stream` are about each operation, by what `state` says of them."""
    js = bus.connection.jetstream()
    config = ConsumerConfig(ack_policy=AckPolicy.NONE, mem_storage=True, headers_only=True)
    puller = await js.pull_subscribe("", stream=stream, config=config)
    counted: Counter[tuple[str, str]] = Counter()
    there = (await js.stream_info(stream)).state.messages
    while left := there - counted.total():
        messages = await puller.fetch(min(left, 500), timeout=30)
        counted.update((message.subject.split(".")[4], state(message)) for message in messages)
    return counted


@pytest.mark.timeout(300)
async def test_every_bad_body_is_a_failed_job_and_a_dead_letter_and_the_next_job_is_done(bus, spawn_worker, jsoc):
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url)
    js = bus.connection.jetstream(publish_async_max_pending=500)
    bodies = generate(BODIES)

    acks = [
        await js.publish_async(f"{operation.job_subject}.bad-{i}", body)
        for i, body in enumerate(bodies)
        for operation in OPERATIONS
    ]
    await asyncio.gather(*acks)
    good = await js.publish(f"{Drms.rs_summary.job_subject}.good", b'{"ds":"hmi.v_45s[2013.07.03_08:42_TAI/3m]"}')

    async def empty():
        return (await js.stream_info(good.stream)).state.messages == 0

    await until(empty, 200)
    results = await kept(bus, "SCIBUS_RESULTS", lambda message: message.headers["Scibus-State"])
    dead = await kept(bus, "SCIBUS_DEAD", lambda message: message.headers["Scibus-Problem"])
    assert dead == {(operation.name, "invalid-request"): BODIES for operation in OPERATIONS}
    assert results == {(operation.name, "failed"): BODIES for operation in OPERATIONS} | {
        (Drms.rs_summary.name, "succeeded"): 1
    }
    last = await js.get_last_msg("SCIBUS_RESULTS", "scibus.v1.result.drms.rs_summary.good")
    assert json.loads(last.data)["count"] == 4
    assert jsoc.log.count("rs_list") == 0
