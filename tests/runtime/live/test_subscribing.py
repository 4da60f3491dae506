"""A dataset is asked for once, and then its messages are on the bus as the source had them."""

import asyncio
import json

import pytest

from scibus.contracts.problems import Conflict, Forbidden
from scibus.runtime.live import forwarding
from tests import standing
from tests.runtime.live.ticks import numbered, working
from tests.waiting import until

nats_server, bus, folder, spawn_worker, dial, ticker, ticks = (
    standing.nats_server,
    standing.bus,
    standing.folder,
    standing.spawn_worker,
    standing.dial,
    standing.ticker,
    standing.ticks,
)


async def test_all_messages_are_forwarded_each_once_and_in_order(ticks):
    ticks.dial.set(1234, "whole")

    state = await ticks.subscribe("whole")
    await ticks.reaches("whole", 1234)

    assert (state.id, state.subject, state.existing) == ("whole", "scibus.v1.data.ticker.whole", False)
    assert (state.state, state.epoch, state.begins_after) == ("running", 1, 0)
    assert await ticks.forwarded("whole") == numbered(1, 1234)


async def test_messages_come_as_they_are_made(ticks, monkeypatch):
    # Long before it would be looked for anyway.
    monkeypatch.setattr(forwarding, "IDLE_SECONDS", 300)
    async with working(ticks.connection.connected_url.geturl(), ticks.dial, "ticker-here") as live:
        ticks.dial.set(1, "growing")
        await live.subscribe(ticks.order("growing"))
        await ticks.reaches("growing", 1)
        await until(lambda: "growing" in live._source._waiting)

        ticks.dial.set(2, "growing")
        await ticks.reaches("growing", 2)


async def test_few_messages_do_not_wait_for_the_making_of_a_batch(ticks):
    ticks.dial.set(3, "few")
    await ticks.subscribe("few")
    await ticks.reaches("few", 3)
    ticks.dial.set(103, "few")
    await ticks.reaches("few", 103)

    batched = ["Nats-Batch-Id" in message.headers for message in await ticks.messages("few")]

    assert batched == [False] * 3 + [True] * 100


async def test_payload_and_headers_are_those_of_the_source(ticks):
    ticks.dial.set(1, "as-it-was")
    await ticks.subscribe("as-it-was")
    await ticks.reaches("as-it-was", 1)

    (message,) = await ticks.messages("as-it-was")

    assert message.data == b"1"
    assert message.headers == {
        "Scibus-Source-Nats-Msg-Id": "n-1",
        "X-Unit": "counts",
        "Scibus-Source-Scibus-Odd": "yes",
        "Scibus-Dataset": "as-it-was",
        "Scibus-Epoch": "1",
        "Scibus-Sequence": "1",
        "Scibus-Time": "2023-11-14T22:13:20.001000000Z",
        "ce-specversion": "1.0",
        "ce-type": "scibus.v1.data.ticker",
        "ce-source": f"/scibus/ticker/{(await ticks.state('as-it-was')).worker}",
        "ce-subject": "as-it-was",
        "ce-id": "as-it-was-1-1",
        "ce-time": "2023-11-14T22:13:20.001000000Z",
        "Nats-Expected-Stream": "SCIBUS_DATA",
        "Nats-Expected-Last-Subject-Sequence": "0",
    }


async def test_a_body_that_does_not_fit_is_in_the_object_store(ticks):
    ticks.dial.set(101, "large")
    await ticks.subscribe("large", sequence=99, offset=None)
    await ticks.reaches("large", 101)

    messages = await ticks.messages("large")

    assert [message.data for message in messages] == [b"99", b"", b"101"]
    assert '"size":2000000' in messages[1].headers["Scibus-Blob"]


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ({}, 51),
        ({"offset": "now"}, 51),
        ({"offset": "begin"}, 1),
        ({"sequence": 17}, 17),
        ({"time": "2023-11-14T22:13:20.030Z"}, 30),
        ({"time": "2023-11-14T22:13:20.030"}, 30),
        ({"time": "2023-11-14T23:13:20.030+01:00"}, 30),
    ],
)
async def test_it_begins_where_it_was_asked_to(ticks, place, first):
    dataset = f"from-{first}-{len(str(place))}"
    ticks.dial.set(50, dataset)
    await ticks.subscribe(dataset, **{"offset": None, **place})
    ticks.dial.set(60, dataset)
    await ticks.reaches(dataset, 60)

    assert await ticks.forwarded(dataset) == numbered(first, 60)


async def test_what_is_there_already_goes_on_as_it_is(ticks):
    ticks.dial.set(5, "twice")
    await ticks.subscribe("twice")
    await ticks.reaches("twice", 5)

    again = await ticks.subscribe("twice", offset=None, sequence=3)
    ticks.dial.set(6, "twice")
    await ticks.reaches("twice", 6)

    assert (again.existing, again.epoch, again.state) == (True, 1, "running")
    assert await ticks.forwarded("twice") == numbered(1, 6)


async def test_whoever_asks_at_once_gets_one_subscription(ticks):
    ticks.dial.set(300, "at-once")

    states = await asyncio.gather(*(ticks.subscribe("at-once") for _ in range(20)))
    await ticks.reaches("at-once", 300)

    assert sorted(state.existing for state in states) == [False] + [True] * 19
    assert {state.state for state in states} == {"running"}
    assert await ticks.forwarded("at-once") == numbered(1, 300)


async def test_an_id_of_another_dataset_is_a_conflict(ticks):
    await ticks.subscribe("one.dataset")

    with pytest.raises(Conflict, match=r"one\.dataset"):
        await ticks.subscribe("one-dataset")

    assert (await ticks.subscribe("one-dataset", id="another")).dataset == "one-dataset"


async def test_a_dataset_that_is_not_ours_leaves_nothing_behind(ticks, ticker):
    before = await ticks.consumers()

    with pytest.raises(Forbidden, match="not ours"):
        await ticks.subscribe("secret")

    assert "secret" not in await ticks.states()
    assert (await ticks.stored("secret")).data == b""
    assert await ticks.forwarded("secret") == []
    assert await ticks.consumers() == before
    await asyncio.sleep(0.5)
    assert len([line for line in ticker.log_lines() if line.get("subscription") == "secret"]) == 1


async def test_whoever_asks_at_once_for_what_is_not_ours_is_told_so_each_time(ticks):
    answers = await asyncio.gather(*(ticks.subscribe("secret") for _ in range(10)), return_exceptions=True)

    assert {type(answer) for answer in answers} <= {Forbidden, Conflict}
    assert "secret" not in await ticks.states()


async def test_a_refusal_is_not_remembered(ticks):
    ticks.dial.set(3, "soon", away=True)
    with pytest.raises(Exception, match="away"):
        await ticks.subscribe("soon")
    ticks.dial.set(3, "soon")

    assert (await ticks.subscribe("soon")).state == "running"


@pytest.mark.parametrize("fields", [{"id": "a.b"}, {"id": ""}, {"offset": "begin", "sequence": 1}, {"batch": 0}])
async def test_an_order_that_makes_no_sense_is_refused(ticks, fields):
    body = json.dumps({"dataset": "nonsense", **fields}).encode()

    reply = await ticks.connection.request("scibus.v1.req.ticker.subscribe", body, timeout=30)

    assert json.loads(reply.data)["type"] == "urn:scibus:problem:invalid-request"
    assert "nonsense" not in await ticks.states()


async def test_a_new_subscription_is_at_its_place_also_when_nothing_was_forwarded(ticks):
    """Whoever takes it over before its first message must know where `now` was."""
    ticks.dial.set(40, "unmoved")
    await ticks.subscribe("unmoved", offset="now")

    assert (await ticks.record("unmoved"))["place"] == {"sequence": 41}
