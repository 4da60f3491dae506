"""Two workers of a service, one of which forwards: whichever is asked, the answer is the same."""

import asyncio
from datetime import UTC, datetime

import pytest

from scibus.bus.records import Record
from scibus.contracts.live import SeekOrder, SubscriptionQuery, SubscriptionsQuery, UnsubscribeOrder
from scibus.contracts.problems import Overloaded
from tests import standing
from tests.chaos.proxy import NatsProxy
from tests.runtime.live.ticks import Ticks, numbered, working
from tests.waiting import until

nats_server, bus, folder, dial = standing.nats_server, standing.bus, standing.folder, standing.dial


@pytest.fixture(scope="module")
async def one(nats_server, dial):
    async with working(nats_server.url, dial, "ticker-one") as live:
        yield live


@pytest.fixture(scope="module")
async def other(nats_server, dial):
    """Everything reaches it a tenth of a second later."""
    async with NatsProxy(nats_server.port) as proxy, working(proxy.url, dial, "ticker-other") as live:
        proxy.seconds = 0.05
        yield live


@pytest.fixture(scope="module")
def ticks(bus, dial, one, other):
    return Ticks(bus, dial)


async def heard(live, name):
    """Wait until the worker knows of the subscription."""
    await until(lambda: live._watch.book.get(name) is not None)


async def states(live):
    told = await live.subscriptions(SubscriptionsQuery())
    return {state.id: state for state in told.subscriptions}


@pytest.mark.parametrize("late", [0, 0.04, 0.08])
async def test_asked_at_once_one_of_them_forwards_and_the_other_says_so(one, other, ticks, late):
    dataset = f"both-{late * 100:g}"
    ticks.dial.set(20, dataset)

    asked = [asyncio.create_task(other.subscribe(Ticks.order(dataset))) for _ in range(3)]
    await asyncio.sleep(late)
    asked += [asyncio.create_task(one.subscribe(Ticks.order(dataset))) for _ in range(3)]
    answers = await asyncio.gather(*asked)
    await ticks.reaches(dataset, 20)

    assert sorted(answer.existing for answer in answers) == [False] + [True] * 5
    assert len({answer.worker for answer in answers}) == 1
    assert await ticks.forwarded(dataset) == numbered(1, 20)


async def test_what_one_has_done_the_other_knows(one, other, ticks):
    query = SubscriptionQuery(id="steered")
    await one.subscribe(Ticks.order("steered"))
    await heard(other, "steered")

    paused = await one.pause(query)
    resumed = await other.resume(query)
    moved = await one.seek(SeekOrder(id="steered", sequence=3))
    again = await other.pause(query)

    assert (paused.state, resumed.state, moved.state, again.state) == ("paused", "running", "running", "paused")
    assert (moved.epoch, again.epoch) == (2, 2)
    assert {state.worker for state in (paused, resumed, moved, again)} == {"ticker-one"}


async def test_what_one_has_answered_the_other_tells(one, other):
    query = SubscriptionQuery(id="told")

    await one.subscribe(Ticks.order("told"))
    await heard(other, "told")
    running = (await states(other))["told"].state
    await one.pause(query)
    paused = (await states(other))["told"].state
    await one.unsubscribe(UnsubscribeOrder(id="told"))
    ended = await states(other)

    assert (running, paused) == ("running", "paused")
    assert "told" not in ended


async def test_a_subscription_that_one_has_made_anew_the_other_steers(one, other):
    query = SubscriptionQuery(id="renewed")
    await one.subscribe(Ticks.order("renewed"))
    await heard(other, "renewed")
    await one.unsubscribe(UnsubscribeOrder(id="renewed"))
    await one.subscribe(Ticks.order("renewed"))

    assert (await other.pause(query)).state == "paused"


async def test_an_answer_that_comes_late_does_not_undo_what_is_known(one):
    await one.subscribe(Ticks.order("known"))
    book = one._watch.book

    book._note("known", Record(1, datetime.now(UTC), b"", {"KV-Operation": "DEL"}))

    assert book.get("known") is not None


async def test_who_is_late_to_end_a_subscription_does_not_end_the_next_one_of_its_name(one, other, ticks):
    """Frozen while it told the source, the worker lost the subscription; another ended it, and somebody asked anew."""
    ticks.dial.set(5, "ended", leave=True)
    await one.subscribe(Ticks.order("ended"))
    ending = asyncio.create_task(one.unsubscribe(UnsubscribeOrder(id="ended")))
    await ticks.notes("ended", "leaving")
    subject = "$KV.scibus_subscriptions.ticker.ended"
    await ticks.connection.publish(subject, b"", headers={"KV-Operation": "DEL"})
    await ticks.connection.flush()

    await other.subscribe(Ticks.order("ended"))
    ticks.dial.set(5, "ended")
    await ending
    await asyncio.sleep(0.6)

    assert (await ticks.record("ended"))["holder"] == "ticker-other"


async def test_the_epoch_rises_also_when_none_of_its_messages_was_forwarded(one, ticks):
    ticks.dial.set(0, "silent")
    await one.subscribe(Ticks.order("silent"))
    await one.seek(SeekOrder(id="silent", offset="now"))
    await one.unsubscribe(UnsubscribeOrder(id="silent"))

    assert (await one.subscribe(Ticks.order("silent"))).epoch == 3


async def test_a_refusal_is_of_its_own_order_also_when_the_last_one_is_not_cleared_away(one, ticks, monkeypatch):
    ticks.dial.set(5, "refused", away=True)
    monkeypatch.setattr(type(one._watch), "_arrange", lambda _: asyncio.sleep(0.1))
    with pytest.raises(Exception, match="away"):
        await one.subscribe(Ticks.order("refused"))
    ticks.dial.set(5, "refused")

    assert (await one.subscribe(Ticks.order("refused"))).state == "running"


async def test_who_asked_a_worker_that_leaves_is_answered_when_another_has_done_it(other, ticks, nats_server):
    ticks.dial.set(5, "left", leave=True)
    async with working(nats_server.url, ticks.dial, "ticker-leaving") as leaving:
        await leaving.subscribe(Ticks.order("left"))
        ending = asyncio.create_task(leaving.unsubscribe(UnsubscribeOrder(id="left")))
        await ticks.notes("left", "leaving")
        await leaving.finish(10)
        ticks.dial.set(5, "left")
        async with asyncio.timeout(30):
            answer = await ending

    assert answer.state == "leaving"
    assert "left" not in await states(other)


async def test_a_worker_that_leaves_takes_no_subscription(ticks, nats_server):
    async with working(nats_server.url, ticks.dial, "ticker-leaving") as leaving:
        await leaving.finish(10)
        with pytest.raises(Overloaded, match="shutting down"):
            await leaving.subscribe(Ticks.order("too-late"))

    assert "too-late" not in await ticks.records()


async def test_whoever_waits_for_a_worker_that_leaves_is_told_to_ask_another(ticks, nats_server):
    ticks.dial.set(5, "slow", open=True)
    async with working(nats_server.url, ticks.dial, "ticker-leaving") as leaving:
        opening = asyncio.create_task(leaving.subscribe(Ticks.order("slow")))
        await ticks.notes("slow", "opening")
        await leaving.finish(10)
        with pytest.raises(Overloaded, match="another worker"):
            await opening

    assert "slow" not in await ticks.records()
