"""A reader iterates over a subscription: all messages, in order, as the source had them."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import chain

import pytest

from scibus.bus.blobs import reading as blobs
from scibus.client import NoAnswer, connect
from scibus.contracts.problems import Conflict, Forbidden
from scibus.sandbox import NatsServer
from tests.chaos.proxy import NatsProxy
from tests.client.live.reading import many, sequences
from tests.runtime.live.ticker import Ticker
from tests.waiting import until


async def test_messages_come_in_order_and_as_the_source_had_them(ticks, subscribe):
    ticks.dial.set(1200, "plain")

    async with await subscribe("plain", sequence=101) as subscription:
        messages = await many(subscription, 1100)

    assert [message.sequence for message in messages] == list(range(101, 1201))
    assert [message.data for message in messages] == [b"%d" % number for number in range(101, 1201)]
    assert dict(messages[6].headers) == {"Nats-Msg-Id": "n-107", "X-Unit": "counts", "Scibus-Odd": "yes"}
    assert messages[6].time == datetime(2023, 11, 14, 22, 13, 20, 107_000, UTC)
    assert {(message.dataset, message.epoch, message.subscription, message.gap) for message in messages} == {
        ("plain", 1, "plain", None)
    }


async def test_a_large_body_comes_whole(ticks, subscribe):
    ticks.dial.set(101, "large")

    async with await subscribe("large", sequence=99) as subscription:
        messages = await many(subscription, 3)

    assert [len(message.data) for message in messages] == [2, 2_000_000, 3]
    assert messages[1].data == b"100".ljust(2_000_000, b"x")


async def test_the_subscription_goes_on_without_its_reader_and_leaves_no_consumer(ticks, subscribe):
    before = await ticks.consumers()
    async with await subscribe("lasting", offset="begin"):
        reading = await ticks.consumers()
    ticks.dial.set(5, "lasting")
    await ticks.reaches("lasting", 5)

    assert len(reading) == len(before) + 1
    assert await ticks.consumers() == before


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ({}, 21),
        ({"offset": "now"}, 21),
        ({"offset": "begin"}, 5),
        ({"sequence": 11}, 11),
        ({"sequence": 2}, 5),
        ({"time": datetime(2023, 11, 14, 22, 13, 20, 12_000, UTC).replace(tzinfo=None)}, 12),
    ],
)
async def test_a_second_reader_begins_where_it_says(ticks, subscribe, place, first):
    """As far as the subscription has it, which began with the fifth message."""
    name = f"second-{first}-{len(str(place))}"
    ticks.dial.set(20, name)
    await ticks.subscribe(name, offset=None, sequence=5)
    await ticks.reaches(name, 20)

    async with await subscribe(name, **place) as subscription:
        ticks.dial.set(22, name)
        found = await sequences(subscription, 23 - first)

    assert found == list(range(first, 23))
    assert subscription.state.existing


async def test_readers_have_places_of_their_own(ticks, subscribe):
    ticks.dial.set(30, "several")

    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(await subscribe("several", offset="begin")) for _ in range(2)]
        first = await sequences(one, 30)
        second = await sequences(two, 10)

    assert (first, second) == (list(range(1, 31)), list(range(1, 11)))


async def test_who_reads_one_reader_from_several_tasks_gets_each_message_once(ticks, subscribe):
    ticks.dial.set(40, "shared")

    async with await subscribe("shared", offset="begin") as subscription:
        found = await asyncio.gather(*(sequences(subscription, 10) for _ in range(4)))

    assert sorted(chain(*found)) == list(range(1, 41))


async def test_what_somebody_else_has_put_there_is_left_out(ticks, subscribe):
    ticks.dial.set(2, "foreign")
    await ticks.subscribe("foreign")
    await ticks.reaches("foreign", 2)
    await ticks.connection.jetstream().publish("scibus.v1.data.ticker.foreign", b"hello", headers={"Scibus-Epoch": "1"})
    ticks.dial.set(4, "foreign")

    async with await subscribe("foreign", offset="begin") as subscription:
        messages = await many(subscription, 4)

    assert [(message.sequence, message.gap) for message in messages] == [(number, None) for number in range(1, 5)]


async def test_whoever_waits_is_told_when_the_reader_is_closed(ticks, subscribe):
    subscription = await subscribe("closed")
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0.1)

    await subscription.close()

    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, 40)
    with pytest.raises(StopAsyncIteration):
        await anext(subscription)
    await until(lambda: nobody_reads(ticks))


async def test_who_gives_up_waiting_has_lost_nothing(ticks, subscribe):
    ticks.dial.set(3, "patient")

    async with await subscribe("patient", offset="begin") as subscription:
        first = await sequences(subscription, 3)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(subscription), 0.05)
        ticks.dial.set(6, "patient")
        rest = await sequences(subscription, 3)

    assert first + rest == [1, 2, 3, 4, 5, 6]


async def test_who_gives_up_while_a_large_body_is_fetched_has_lost_nothing(nats_server, ticks):
    ticks.dial.set(102, "hasty")
    async with NatsProxy(nats_server.port) as proxy, connect(proxy.url) as bus:
        subscription = await bus.service(Ticker).subscribe("hasty", sequence=99)
        first = await anext(subscription)
        proxy.open.clear()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(subscription), 0.1)
        proxy.open.set()
        rest = await sequences(subscription, 3)
        await subscription.close()

    assert [first.sequence, *rest] == [99, 100, 101, 102]


async def test_a_large_body_is_fetched_however_long_the_store_gives_nothing(nats_server, ticks, monkeypatch):
    monkeypatch.setattr(blobs, "STALLS", 1)
    monkeypatch.setattr(blobs, "STEP_SECONDS", 0.2)
    monkeypatch.setattr(blobs, "LISTEN_SECONDS", 0.1)
    ticks.dial.set(102, "stalled")
    async with NatsProxy(nats_server.port) as proxy, connect(proxy.url) as bus:
        chunks = iter(range(100))
        proxy.watch = lambda frame: b" $JS.ACK.OBJ_scibus_blobs." not in frame.data or next(chunks) > 3
        async with await bus.service(Ticker).subscribe("stalled", sequence=99) as subscription:
            messages = await many(subscription, 4)

    assert next(chunks) > 5
    assert [(message.sequence, len(message.data)) for message in messages] == [
        (99, 2),
        (100, 2_000_000),
        (101, 3),
        (102, 3),
    ]


async def test_a_body_that_is_gone_is_told_and_the_next_message_comes(ticks, subscribe):
    ticks.dial.set(101, "expired")
    await ticks.subscribe("expired", offset=None, sequence=99)
    await ticks.reaches("expired", 101)
    store = await ticks.connection.jetstream().object_store("scibus_blobs")
    (name,) = [info.name for info in await store.list() if "/expired/" in info.name]
    await store.delete(name)

    async with await subscribe("expired", offset="begin") as subscription:
        first = await anext(subscription)
        with pytest.raises(Exception, match=r"there is no blob|gone"):
            await anext(subscription)
        last = await anext(subscription)

    assert (first.sequence, last.sequence) == (99, 101)


async def test_what_the_source_refuses_is_raised_as_itself(subscribe):
    with pytest.raises(Forbidden, match="not ours"):
        await subscribe("secret")


async def test_the_id_of_another_dataset_is_a_conflict(subscribe):
    async with await subscribe("a.name"):
        with pytest.raises(Conflict):
            await subscribe("a-name")


@pytest.mark.parametrize(
    "fields", [{"sequence": 0}, {"offset": "end"}, {"offset": "now", "sequence": 1}, {"id": "a b"}]
)
async def test_what_makes_no_sense_is_refused_before_anything_is_sent(subscribe, fields):
    with pytest.raises(ValueError, match="validation error"):
        await subscribe("nonsense", **fields)


async def test_where_no_worker_is_there_that_is_said():
    async with NatsServer() as server, connect(server.url) as bus:
        with pytest.raises(NoAnswer, match="no worker"):
            await bus.service(Ticker).subscribe("anything")


async def test_a_connection_that_is_closed_ends_the_reading(nats_server, ticks):
    async with connect(nats_server.url) as bus:
        subscription = await bus.service(Ticker).subscribe("cut-short")
        waiting = asyncio.create_task(anext(subscription))
        await asyncio.sleep(0.1)

    with pytest.raises(NoAnswer, match="closed"):
        await asyncio.wait_for(waiting, 40)
    await asyncio.wait_for(subscription.close(), 40)


async def nobody_reads(ticks):
    return not any(name.startswith("read-") for name in await ticks.consumers())
