"""A reader reads on over whatever breaks between it and the bus: each message once, in order."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from scibus.bus import pulling
from scibus.bus.stored import api
from scibus.client import connect
from scibus.sandbox import NatsServer
from tests.chaos.proxy import NatsProxy
from tests.client.live.reading import many, sequences
from tests.conftest import spawning
from tests.runtime.live.ticker import Dial, Ticker
from tests.runtime.live.ticks import flowing
from tests.waiting import until


@pytest.fixture
async def proxy(nats_server):
    async with NatsProxy(nats_server.port) as proxy:
        yield proxy


@pytest.fixture
async def subscribe(proxy, ticks):
    """Over a link that a test can break."""
    async with connect(proxy.url) as bus:
        yield bus.service(Ticker).subscribe


async def reading_consumers(ticks):
    return [name for name in await ticks.consumers() if name.startswith("read-")]


async def one_consumer_reads(ticks):
    return len(await reading_consumers(ticks)) == 1


async def test_over_a_link_that_is_cut(ticks, subscribe, proxy):
    async with await subscribe("cut", offset="begin") as subscription:
        reading = asyncio.create_task(sequences(subscription, 2000))
        async with flowing(ticks.dial, "cut", 2000):
            await asyncio.sleep(0.3)
            proxy.cut()
            await until(lambda: asyncio.sleep(0, proxy.passed == 2), 40)
            await asyncio.sleep(0.3)
            proxy.cut()
        found = await reading
        await until(lambda: one_consumer_reads(ticks), 40)

    assert found == list(range(1, 2001))


async def test_over_the_death_of_its_consumer(ticks, subscribe, monkeypatch):
    # The server tells of it: the reader does not learn it from a silence.
    monkeypatch.setattr("scibus.client.live.reader.WAIT_SECONDS", 100.0)
    async with await subscribe("gone", offset="begin") as subscription:
        ticks.dial.set(5, "gone")
        first = await sequences(subscription, 5)
        for name in await reading_consumers(ticks):
            await api(ticks.connection, f"CONSUMER.DELETE.SCIBUS_DATA.{name}")
        ticks.dial.set(9, "gone")
        rest = await sequences(subscription, 4)

    assert first + rest == list(range(1, 10))


async def test_over_messages_that_are_swallowed(ticks, subscribe, proxy, monkeypatch):
    monkeypatch.setattr(pulling, "HEARTBEAT_SECONDS", 0.2)
    numbers = iter(range(1, 10_000))
    async with await subscribe("swallowed", offset="begin") as subscription:
        proxy.watch = lambda frame: b" $JS.ACK.SCIBUS_DATA.read" not in frame.data or next(numbers) % 37 > 0
        ticks.dial.set(400, "swallowed")
        found = await sequences(subscription, 400)

    assert next(numbers) > 410
    assert found == list(range(1, 401))


async def test_over_a_server_that_falls_silent(ticks, subscribe, proxy, monkeypatch):
    monkeypatch.setattr(pulling, "SILENCE_SECONDS", 0.6)
    monkeypatch.setattr(pulling, "HEARTBEAT_SECONDS", 0.2)
    async with await subscribe("silent", offset="begin") as subscription:
        ticks.dial.set(3, "silent")
        first = await sequences(subscription, 3)
        proxy.watch = lambda frame: b"CONSUMER.MSG.NEXT" not in frame.data and frame.to_server
        ticks.dial.set(6, "silent")
        waiting = asyncio.create_task(sequences(subscription, 3))
        await asyncio.sleep(1)
        proxy.watch = None
        rest = await waiting

    assert first + rest == [1, 2, 3, 4, 5, 6]


async def test_over_work_that_takes_long_and_holds_up_everything(ticks, subscribe, monkeypatch):
    monkeypatch.setattr(pulling, "SILENCE_SECONDS", 0.5)
    ticks.dial.set(1200, "busy")
    async with await subscribe("busy", offset="begin") as subscription:
        first = await sequences(subscription, 600)
        time.sleep(1)  # noqa: ASYNC251 - as a program does that computes
        rest = await sequences(subscription, 600)

    assert first + rest == list(range(1, 1201))


async def test_what_waits_to_be_read_is_bounded(ticks, subscribe):
    ticks.dial.set(5000, "bounded")
    async with await subscribe("bounded", offset="begin") as subscription:
        await anext(subscription)
        await ticks.reaches("bounded", 5000)
        reader = subscription._reader
        waiting = len(reader._waiting) + len(reader._pull._messages)
        rest = await sequences(subscription, 4999)

    assert waiting <= 3 * 500
    assert rest[-1] == 5000


async def test_over_the_death_of_the_server(tmp_path):
    dial = Dial(tmp_path)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(NatsServer())
        bus = await stack.enter_async_context(connect(server.url))
        await spawning(stack, tmp_path, server)("ticker", SCIBUS_TICKER_FILE=str(dial.file))
        subscribe, found = bus.service(Ticker).subscribe, []
        async with (
            await subscribe("died", offset="begin") as iterated,
            await subscribe("died", offset="begin", reader="me") as named,
            await subscribe("died", offset="begin", callback=lambda one: found.append(one.sequence)) as called,
        ):
            reading = [asyncio.create_task(many(one, 1000)) for one in (iterated, named)]
            async with flowing(dial, "died", 1000):
                await asyncio.sleep(0.4)
                await server.kill()
                await asyncio.sleep(0.2)
                await server.start()
            first, second = await asyncio.gather(*reading)
            await called.wait(messages=1000 - len(found), timeout=40)
            moved = await called.seek(998)

        assert [message.sequence for message in first] == list(range(1, 1001))
        assert [message.sequence for message in second] == list(range(1, 1001))
        assert found[:1000] == list(range(1, 1001))
        assert {message.gap for message in [*first, *second]} == {None}
        assert moved.epoch == 2


async def test_closing_takes_no_longer_where_nobody_answers(ticks, subscribe, proxy):
    subscription = await subscribe("hung", offset="begin")
    proxy.open.clear()
    began = time.monotonic()

    await subscription.close()
    proxy.open.set()

    assert time.monotonic() - began < 20
