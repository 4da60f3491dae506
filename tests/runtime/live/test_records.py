"""What others do to the records and to the data: nothing is put twice, and the epoch only rises."""

import asyncio

import pytest

from scibus.bus.stored import api
from scibus.contracts.live import SubscriptionQuery, SubscriptionsQuery
from scibus.sandbox import NatsServer
from tests import standing
from tests.runtime.live.ticks import Ticks, numbered, working

nats_server, bus, folder, spawn_worker, dial, ticker, ticks = (
    standing.nats_server,
    standing.bus,
    standing.folder,
    standing.spawn_worker,
    standing.dial,
    standing.ticker,
    standing.ticks,
)


async def test_a_record_that_somebody_removes_ends_the_forwarding(ticks):
    ticks.dial.set(5, "removed")
    await ticks.subscribe("removed")
    await ticks.reaches("removed", 5)
    await ticks.connection.publish("$KV.scibus_subscriptions.ticker.removed", b"", headers={"KV-Operation": "PURGE"})
    await ticks.notes("removed", "closed")
    ticks.dial.set(6, "removed")
    await asyncio.sleep(0.3)
    kept = await ticks.last("removed")

    again = await ticks.subscribe("removed")
    await ticks.reaches("removed", 6, epoch=2)

    assert (kept, again.epoch) == ((1, 5), 2)
    assert await ticks.forwarded("removed") == numbered(1, 5) + numbered(1, 6, 2)


async def test_a_bucket_that_is_emptied_ends_all_and_the_epoch_goes_on_rising(ticks, ticker):
    ticks.dial.set(5, "emptied")
    await ticks.subscribe("emptied")
    await ticks.seek("emptied", sequence=2)
    await ticks.reaches("emptied", 5, epoch=2)
    await api(ticks.connection, "STREAM.PURGE.KV_scibus_subscriptions")

    again = await ticks.subscribe("emptied", offset=None, sequence=4)
    await ticks.reaches("emptied", 5, epoch=3)

    assert (again.epoch, again.existing) == (3, False)
    assert (await ticks.forwarded("emptied"))[-6:] == numbered(2, 5, 2) + numbered(4, 5, 3)
    assert sorted(await ticks.states()) == ["emptied"]


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {"X-Name": "value"},
        {"Scibus-Epoch": "1", "Scibus-Sequence": "many", "Scibus-Time": "2023-11-14T22:13:20Z"},
    ],
)
async def test_a_message_of_somebody_else_on_the_subject_does_no_harm(ticks, headers):
    name = f"foreign-{len(headers or {})}"
    ticks.dial.set(5, name)
    await ticks.subscribe(name)
    await ticks.reaches(name, 5)
    js = ticks.connection.jetstream()
    await js.publish(f"scibus.v1.data.ticker.{name}", b"hello", headers=headers)
    ticks.dial.set(7, name)
    await ticks.reaches(name, 7)
    await js.publish(f"scibus.v1.data.ticker.{name}", b"hello", headers=headers)
    ticks.dial.set(7, name, lost=True)
    await ticks.notes(name, "closed")
    ticks.dial.set(8, name)
    await ticks.reaches(name, 8)
    await ticks.pause(name)
    ticks.dial.set(30, name)
    await ticks.resume(name)
    await ticks.reaches(name, 30)

    bodies = [message.data for message in await ticks.messages(name)]

    assert bodies == [b"%d" % n for n in range(1, 6)] + [b"hello", b"6", b"7", b"hello"] + [
        b"%d" % n for n in range(8, 31)
    ]
    assert (await ticks.state(name)).epoch == 1


async def test_a_message_of_somebody_else_that_was_there_first_does_no_harm(ticks):
    await ticks.connection.jetstream().publish("scibus.v1.data.ticker.before", b"hello")
    ticks.dial.set(3, "before")

    state = await ticks.subscribe("before")
    await ticks.reaches("before", 3)

    assert (state.epoch, state.begins_after > 0) == (1, True)
    assert [message.data for message in await ticks.messages("before")] == [b"hello", b"1", b"2", b"3"]


async def test_messages_that_are_gone_from_the_stream_are_not_put_again(ticks):
    """As when they have become too old: the record tells what was reached."""
    ticks.dial.set(5, "aged")
    await ticks.subscribe("aged")
    await ticks.reaches("aged", 5)
    await ticks.pause("aged")
    await api(ticks.connection, "STREAM.PURGE.SCIBUS_DATA", {"filter": "scibus.v1.data.ticker.aged"})
    ticks.dial.set(7, "aged")

    await ticks.resume("aged")
    await ticks.reaches("aged", 7)

    assert await ticks.forwarded("aged") == numbered(6, 7)


async def test_no_consumer_and_no_record_is_left_of_what_has_ended(ticks):
    before = await ticks.consumers()
    ticks.dial.set(50, "traceless")
    await ticks.subscribe("traceless")
    await ticks.reaches("traceless", 50)
    await ticks.connection.jetstream().publish("scibus.v1.data.ticker.traceless", b"hello")
    await ticks.seek("traceless", sequence=3)
    await ticks.unsubscribe("traceless")

    assert await ticks.consumers() == before
    assert (await ticks.stored("traceless")).data == b""


async def test_a_record_that_nobody_can_read_does_no_harm(dial):
    async with NatsServer() as server, working(server.url, dial, "ticker-here") as live:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for name, data in ((b"broken", b"{"), (b"\xff\xfe", b"{}"), (b"other", b'{"id": "x"}')):
            writer.write(b"PUB $KV.scibus_subscriptions.ticker.%b %d\r\n%b\r\n" % (name, len(data), data))
        writer.write(b"PING\r\n")
        await reader.readuntil(b"PONG\r\n")
        writer.close()
        live.reconnected()
        await asyncio.sleep(0.2)

        await live.subscribe(Ticks.order("after-all"))
        async with asyncio.timeout(30):
            paused = await live.pause(SubscriptionQuery(id="after-all"))
        told = await live.subscriptions(SubscriptionsQuery())
        async with working(server.url, dial, "ticker-next") as later, asyncio.timeout(30):
            resumed = await later.resume(SubscriptionQuery(id="after-all"))

    assert (paused.state, resumed.state) == ("paused", "running")
    assert [state.id for state in told.subscriptions] == ["after-all"]
