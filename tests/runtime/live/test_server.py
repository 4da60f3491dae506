"""The bus's server dies and comes back while messages flow."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from scibus.client import connect
from scibus.sandbox import NatsServer
from tests.chaos.proxy import NatsProxy
from tests.conftest import spawning
from tests.runtime.live.ticker import Dial
from tests.runtime.live.ticks import Ticks, flowing, numbered, working
from tests.waiting import until


@pytest.fixture(scope="module")
async def through(tmp_path_factory):
    """A worker that forwarded while the server was killed twice and came back."""
    folder = tmp_path_factory.mktemp("through")
    dial = Dial(folder)
    async with NatsServer() as server, connect(server.url, name="test") as bus, AsyncExitStack() as stack:
        spawn, ticks = spawning(stack, folder, server), Ticks(bus, dial)
        ticks.worker = await spawn("ticker", SCIBUS_TICKER_FILE=str(dial.file), SCIBUS_TICKER_LARGE="2000000")
        await ticks.subscribe("flowing", batch=50)
        await ticks.subscribe("resting")
        await ticks.pause("resting")
        async with flowing(dial, "flowing", 3000):
            for _ in range(2):
                await asyncio.sleep(0.6)
                await server.kill()
                await server.start()
        await ticks.reaches("flowing", 3000)
        yield ticks


async def test_all_is_forwarded_each_once_and_in_order(through):
    assert await through.forwarded("flowing") == numbered(1, 3000)


async def test_a_body_in_the_object_store_is_there_too(through):
    (large,) = [message for message in await through.messages("flowing") if "Scibus-Blob" in message.headers]

    assert large.headers["Scibus-Sequence"] == "100"


async def test_the_subscriptions_are_what_they_were(through):
    states = await through.states()

    assert {name: (state.state, state.epoch) for name, state in states.items()} == {
        "flowing": ("running", 1),
        "resting": ("paused", 1),
    }
    assert (await through.resume("resting")).state == "running"


async def test_the_worker_keeps_its_lease(through):
    instance = (await through.state("flowing")).worker

    await through.tells("flowing", sequence=3000)
    lease = await through.connection.jetstream().get_last_msg(
        "KV_scibus_leases", f"$KV.scibus_leases.live.ticker.{instance}"
    )

    assert lease.data == b"{}"
    assert "taken over" not in through.worker.log_text()


async def test_a_link_that_is_cut_loses_and_doubles_nothing(nats_server, ticks):
    async with NatsProxy(nats_server.port) as proxy, working(proxy.url, ticks.dial, "ticker-here") as live:
        await live.subscribe(Ticks.order("cut", batch=30))
        async with flowing(ticks.dial, "cut", 1500):
            await ticks.is_under_way("cut")
            proxy.cut()
        await ticks.reaches("cut", 1500)

        assert proxy.passed >= 2
        assert await ticks.forwarded("cut") == numbered(1, 1500)


async def test_answers_that_are_lost_double_nothing(nats_server, ticks, monkeypatch):
    monkeypatch.setattr("scibus.bus.batches.WRITE_SECONDS", 0.5)
    async with NatsProxy(nats_server.port) as proxy, working(proxy.url, ticks.dial, "ticker-here") as live:
        answers = iter(range(1, 1000))
        await live.subscribe(Ticks.order("deaf", batch=60))
        proxy.watch = lambda frame: b'"stream":"SCIBUS_DATA"' not in frame.data or next(answers) % 3 > 0
        ticks.dial.set(600, "deaf")
        await ticks.reaches("deaf", 600)

        assert next(answers) > 6
        assert await ticks.forwarded("deaf") == numbered(1, 600)


async def test_a_worker_that_is_cut_off_gives_way_and_comes_back_to_nothing(nats_server, ticks):
    async with (
        NatsProxy(nats_server.port) as proxy,
        working(proxy.url, ticks.dial, "ticker-away") as away,
        working(nats_server.url, ticks.dial, "ticker-other"),
    ):
        await away.subscribe(Ticks.order("cut-off"))
        async with flowing(ticks.dial, "cut-off", 500):
            proxy.open.clear()
        await ticks.tells("cut-off", holder="ticker-other", phase="running")
        ticks.dial.set(600, "cut-off")
        proxy.open.set()
        await ticks.reaches("cut-off", 600)
        ticks.dial.set(620, "cut-off")
        await ticks.reaches("cut-off", 620)
        await until(lambda: away._watch._running == {})

        assert await ticks.forwarded("cut-off") == numbered(1, 620)
