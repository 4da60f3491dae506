"""Two workers that both take a subscription for theirs: whatever they believe, each message is there once, in order."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from scibus.contracts.live import SeekOrder, SubscriptionQuery
from scibus.runtime.live.forwarding import Forwarding
from tests import standing
from tests.runtime.live.ticks import MUCH, Ticks, flowing, numbered, working
from tests.waiting import until

nats_server, bus, folder, dial = standing.nats_server, standing.bus, standing.folder, standing.dial


@pytest.fixture(scope="module")
async def one(nats_server, dial):
    async with working(nats_server.url, dial, "ticker-one") as live:
        yield live


@pytest.fixture(scope="module")
async def other(nats_server, dial):
    async with working(nats_server.url, dial, "ticker-other") as live:
        yield live


@pytest.fixture(scope="module")
def ticks(bus, dial, one, other):
    return Ticks(bus, dial)


@asynccontextmanager
async def again_and_again(*steps, seconds=0.05):
    """Do `steps` in turn for as long as the block runs."""

    async def go():
        while True:
            for step in steps:
                await step()
                await asyncio.sleep(seconds)

    going = asyncio.create_task(go())
    yield
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)


async def test_a_subscription_that_is_given_back_and_forth(one, other, ticks):
    await one.subscribe(Ticks.order("tossed", batch=20))

    tossing = again_and_again(
        lambda: ticks.rewrite("tossed", holder="ticker-other"), lambda: ticks.rewrite("tossed", holder="ticker-one")
    )
    async with tossing, flowing(ticks.dial, "tossed", 1000):
        pass
    # On a slow machine neither would get anywhere for as long as that goes on.
    await ticks.reaches("tossed", 1000)

    assert await ticks.forwarded("tossed") == numbered(1, 1000)


async def test_two_that_forward_at_once(one, other, ticks, monkeypatch):
    ticks.dial.set(10, "fought-for")
    await one.subscribe(Ticks.order("fought-for", batch=20))
    monkeypatch.setattr(Forwarding, "_is_ours", lambda self, record: record.runs and record.epoch == self.epoch)
    record = await other._watch.book.read("fought-for")
    others = other._watch._made(record)
    forwarding = asyncio.create_task(others.run())
    async with asyncio.timeout(30):
        refused = await asyncio.shield(others.opened)

    async with flowing(ticks.dial, "fought-for", 800):
        pass
    await ticks.reaches("fought-for", 800)
    fought = refused is None and not forwarding.done()
    forwarding.cancel()

    assert await ticks.forwarded("fought-for") == numbered(1, 800)
    assert fought


async def test_one_that_is_not_the_holder_does_nothing(one, other, ticks):
    ticks.dial.set(10, "not-ours")
    await one.subscribe(Ticks.order("not-ours"))
    await ticks.reaches("not-ours", 10)
    await one.pause(SubscriptionQuery(id="not-ours"))
    await one.resume(SubscriptionQuery(id="not-ours"))
    before = await standing_of(ticks, "not-ours")
    late = other._watch._made(await other._watch.book.read("not-ours"))

    async with asyncio.timeout(30):
        await late.run()

    assert "another worker" in str(late.opened.result())
    assert await standing_of(ticks, "not-ours") == before


async def standing_of(ticks, name):
    """The record, without what its holder tells now and then."""
    told = {"lag", "rate", "sequence", "time", "updated_at"}
    return {member: value for member, value in (await ticks.record(name)).items() if member not in told}


async def test_one_whose_epoch_is_over_does_nothing(one, ticks):
    ticks.dial.set(10, "over")
    await one.subscribe(Ticks.order("over"))
    late = one._watch._made(await one._watch.book.read("over"))
    await one.seek(SeekOrder(id="over", offset="now"))

    async with asyncio.timeout(30):
        await late.run()

    assert (await ticks.record("over"))["epoch"] == 2


async def test_one_that_goes_on_in_an_epoch_that_is_over(one, other, ticks, monkeypatch):
    """It has not heard of the seek, and puts what it has; nothing of it stands after the first of the new epoch."""
    ticks.dial.set(MUCH, "moved")
    await one.subscribe(Ticks.order("moved", batch=10))
    record = await other._watch.book.read("moved")
    late = other._watch._made(record)
    monkeypatch.setattr(late, "_be_sure", lambda: asyncio.sleep(0, record))
    monkeypatch.setattr(late, "_change", lambda change: asyncio.sleep(0))
    forwarding = asyncio.create_task(late.run())
    await until(lambda: _is_beyond(ticks, "moved", 20))
    await one.seek(SeekOrder(id="moved", sequence=MUCH - 100))
    await ticks.reaches("moved", MUCH, epoch=2)
    await asyncio.sleep(0.3)
    forwarding.cancel()

    found = await ticks.forwarded("moved")
    first = len(found) - 101

    assert 0 < first < MUCH
    assert found == numbered(1, first) + numbered(MUCH - 100, MUCH, 2)


async def _is_beyond(ticks, name, sequence):
    return (await ticks.last(name))[1] > sequence


async def test_leases_that_vanish_again_and_again(one, other, ticks):
    await one.subscribe(Ticks.order("leased", batch=20))

    async def vanish():
        await ticks.connection.publish("$KV.scibus_leases.live.ticker.ticker-one", b"", headers={"KV-Operation": "DEL"})

    async with again_and_again(vanish, seconds=0.02):
        async with flowing(ticks.dial, "leased", 1500):
            pass
        await ticks.reaches("leased", 1500)

    assert await ticks.forwarded("leased") == numbered(1, 1500)


async def test_a_record_of_a_lower_epoch_that_somebody_puts_back(one, other, ticks):
    ticks.dial.set(10, "put-back")
    await one.subscribe(Ticks.order("put-back"))
    await ticks.reaches("put-back", 10)
    old = await ticks.record("put-back")
    await one.seek(SeekOrder(id="put-back", sequence=5))
    await ticks.reaches("put-back", 10, epoch=2)
    await ticks.rewrite("put-back", **old)
    ticks.dial.set(12, "put-back")
    await ticks.reaches("put-back", 12, epoch=2)

    assert await ticks.forwarded("put-back") == numbered(1, 10) + numbered(5, 12, 2)
    assert (await ticks.record("put-back"))["epoch"] == 2
