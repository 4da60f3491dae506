"""Requests to workers that are busy, several, without JetStream, or not there."""

import asyncio

import pytest

from scibus.contracts.problems import (
    Overloaded,
    TooLarge,
)
from scibus.contracts.tables import ARROW_STREAM
from tests.runtime.probe import Probe
from tests.waiting import until

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_past_the_bound_a_request_is_refused_at_once(bus, spawn_worker, gates):
    await spawn_worker("probe", SCIBUS_CONCURRENCY="2", **gates.settings)
    service = bus.service(Probe)
    held = [asyncio.create_task(service.wait(seconds=0, gate="held")) for _ in range(2)]
    await gates.reached("held", 2)

    with pytest.raises(Overloaded) as raised:
        await service.wait.options(wait_for_room=False)(seconds=0)

    gates.open("held")
    assert raised.value.details.retryable
    assert raised.value.details.retry_after == 0.5
    assert len(await asyncio.gather(*held)) == 2


async def test_a_client_waits_for_room_while_it_has_time(bus, spawn_worker):
    await spawn_worker("probe", SCIBUS_CONCURRENCY="2")

    answers = await asyncio.gather(*(bus.service(Probe).wait(seconds=0.05) for _ in range(20)))

    assert len(answers) == 20


async def test_without_jetstream_small_answers_go_on_and_large_ones_are_refused(spawn_worker):
    from scibus.client import connect
    from scibus.sandbox import NatsServer

    async with NatsServer(jetstream=False) as server, connect(server.url) as bus:
        await spawn_worker("probe", SCIBUS_NATS_URL=server.url)
        service = bus.service(Probe)

        assert (await service.echo(text="hi")).text == "hi"
        with pytest.raises(TooLarge, match="JetStream"):
            await service.repeat(count=2_000_000)


async def test_two_workers_share_the_requests(bus, spawn_worker):
    await spawn_worker("probe")
    await spawn_worker("probe")

    # As many at once as one of them has slots for: none is refused and asked again.
    for _ in range(2):
        await asyncio.gather(*(bus.service(Probe).echo(text="x") for _ in range(100)))

    counts = []

    async def both_have_told():
        counts[:] = [worker.endpoints[0].num_requests for worker in await bus.services(timeout=5)]
        return len(counts) == 2 and sum(counts) >= 200

    # Who answers late is not among them, or has not told how much it did.
    await until(both_have_told)
    assert sum(counts) == 200
    assert min(counts) > 20


async def test_the_trace_context_comes_back_from_a_busy_worker_too(bus, spawn_worker, gates):
    await spawn_worker("probe", SCIBUS_CONCURRENCY="1", **gates.settings)
    held = asyncio.create_task(bus.service(Probe).wait(seconds=0, gate="held"))
    await gates.reached("held")

    reply = await bus.connection.request(
        "scibus.v1.req.probe.wait", b'{"seconds":0}', timeout=30, headers={"traceparent": TRACE}
    )
    gates.open("held")

    assert reply.headers["Nats-Service-Error-Code"] == "503"
    assert reply.headers["traceparent"] == TRACE
    await held


async def test_a_table_is_asked_for_as_arrow(bus):
    asked = await bus.connection.subscribe(Probe.numbers.subject)
    asking = asyncio.create_task(bus.service(Probe).numbers(count=1))

    assert (await asked.next_msg(30)).headers["Accept"] == ARROW_STREAM
    asking.cancel()
    await asyncio.wait([asking])
