"""Streams, their content, and what may happen to them."""

import asyncio
import signal
import time

import pytest

from scibus.sandbox.mdb import MdbStandIn
from scibus.sandbox.mdb.broker import BrokerError, administrator
from scibus.sandbox.mdb.datasets import Dataset
from tests.sandbox.mdb.conftest import Reader, contents, sequences
from tests.waiting import until

WEEK_NS = 604_800_000_000_000


async def state(mdb, dataset):
    return (await mdb.stream(dataset))["state"]


@pytest.mark.parametrize(
    ("dataset", "stream", "subject"),
    [
        ("weather", "weather", "weather"),
        ("Orbit.Ephemeris", "orbit_ephemeris", "orbit.ephemeris"),
        ("streamql-q1", "streamql-q1", "streamql.streamql-q1.>"),
    ],
)
async def test_streams_are_called_as_the_published_client_expects(mdb, dataset, stream, subject):
    config = (await mdb.stream(dataset))["config"]

    assert (config["name"], config["subjects"], config["max_age"]) == (stream, [subject], WEEK_NS)


async def test_a_history_is_the_same_everywhere(mdb, alice):
    async with MdbStandIn(datasets={"weather": ["alice"]}) as other:
        elsewhere = await Reader(other).read("weather", 100)
    here = await alice.read("weather", 100, durable="history")

    assert contents(here) == contents(elsewhere)
    assert contents(here)[0] == {
        "time": "2026-01-01T00:00:00Z",
        "temperature_C": 6.8,
        "pressure_hPa": 1013.0,
        "wind_m_s": 4.0,
    }
    assert sequences(here) == list(range(1, 101))


async def test_the_solar_wind_goes_on(mdb, alice):
    ahead = await alice.read("solar-wind", 2, durable="ahead", deliver_policy="new")

    (first, second) = contents(ahead)
    assert sequences(ahead)[0] > 600
    assert list(first) == ["time", "speed_km_s", "density_cm3", "bz_nT"]
    assert first["time"] < second["time"]


async def test_answers_of_standing_queries_come_on_subjects_of_their_own(alice):
    async with alice.connected(token=(await alice.let_in("streamql/jwt")).text) as connection:
        subscription = await connection.jetstream().pull_subscribe("streamql.streamql-q1.>", "rows", "streamql-q1")
        messages = await subscription.fetch(20, timeout=30)

    assert {message.subject for message in messages} == {"streamql.streamql-q1.rows"}


async def test_what_is_published_is_stored_in_order_and_acknowledged(mdb, alice):
    await mdb.add_dataset("published")

    last = await mdb.publish("published", [b"%d" % n for n in range(1, 2501)], {"Mission": "one"})

    messages = await alice.read("published", 2500)
    assert last == 2500
    assert [int(message.data) for message in messages] == list(range(1, 2501))
    assert messages[0].headers == {"Mission": "one"}
    assert await mdb.publish("published", []) == 0


async def test_an_unknown_dataset_is_said(mdb):
    with pytest.raises(ValueError, match="there is no dataset nothing"):
        await mdb.publish("nothing", [b"x"])


async def test_a_dataset_can_come_later(mdb, alice, bob):
    await mdb.add_dataset("Later.On", readers=["bob"])
    await mdb.publish("Later.On", [b"first"])

    (message,) = await bob.read("Later.On", 1, stream="later_on", subject="later.on")

    assert message.data == b"first"
    assert (await alice.let_in("user/jwt/Later.On")).status_code == 403


async def test_a_stream_made_anew_counts_from_one_and_has_forgotten_its_consumers(mdb, alice):
    await mdb.add_dataset("recreated")
    await mdb.publish("recreated", [b"x"] * 10)
    await alice.read("recreated", 5)
    await mdb.recreate("recreated")

    assert await mdb.consumers("recreated") == []
    assert await mdb.publish("recreated", [b"y"]) == 1


async def test_what_has_expired_is_no_longer_there(mdb, alice):
    await mdb.add_dataset("expired")
    await mdb.publish("expired", [b"x"] * 10)

    await mdb.expire("expired", before=8)

    assert (await state(mdb, "expired"))["first_seq"] == 8
    assert sequences(await alice.read("expired", 3)) == [8, 9, 10]


async def test_consumers_are_shown_and_can_be_deleted(mdb, alice):
    await mdb.add_dataset("consumed")
    await mdb.publish("consumed", [b"x"] * 10)
    await alice.read("consumed", 4, durable="doomed")

    (consumer,) = await mdb.consumers("consumed")
    await mdb.delete_consumer("consumed", "doomed")

    assert (consumer["name"], consumer["delivered"]["stream_seq"]) == ("doomed", 4)
    assert await mdb.consumers("consumed") == []


async def test_connections_of_readers_can_be_dropped(mdb, alice, bob):
    dropped = asyncio.Barrier(3)

    async def closed():
        await dropped.wait()

    async with alice.connected("weather", closed=closed), bob.connected("weather", closed=closed):
        assert await mdb.drop_connections() >= 2
        async with asyncio.timeout(30):
            await dropped.wait()


async def test_the_broker_comes_back_at_its_address_with_what_it_had(mdb, alice):
    await mdb.add_dataset("kept")
    await mdb.publish("kept", [b"x"] * 10)
    await alice.read("kept", 4, durable="keeps")
    address, start = mdb.nats_url, time.monotonic()

    await mdb.restart_nats(seconds_away=0.5)

    assert time.monotonic() - start >= 0.5
    assert mdb.nats_url == address
    assert sequences(await alice.read("kept", 6, durable="keeps")) == [5, 6, 7, 8, 9, 10]
    assert await mdb.publish("kept", [b"y"]) == 11


async def test_a_dead_broker_takes_nothing_until_it_is_started(mdb, alice):
    await mdb.kill_nats()
    with pytest.raises(BrokerError):
        await mdb.publish("weather", [b"x"])
    assert (await alice.let_in("user/jwt/weather")).status_code == 200

    await mdb.start_nats()

    assert (await state(mdb, "weather"))["first_seq"] == 1


async def test_publishing_ends_when_the_broker_dies_meanwhile(mdb, monkeypatch):
    await mdb.add_dataset("interrupted")
    publishing = asyncio.create_task(mdb.publish("interrupted", [b"x" * 1000] * 200_000))

    async def some_has_come():
        return (await state(mdb, "interrupted"))["messages"] > 0

    await until(some_has_come, 30)
    monkeypatch.setattr(administrator, "ANSWER_SECONDS", 1)
    await mdb.kill_nats()

    with pytest.raises(BrokerError):
        async with asyncio.timeout(30):
            await publishing
    await mdb.start_nats()


async def test_publishing_ends_when_the_broker_is_silent(mdb, monkeypatch):
    weather, process = Dataset("weather", frozenset()), mdb.broker.server.process

    async def publish_into_silence():
        async with mdb.broker.administrator(weather) as publisher:
            monkeypatch.setattr(administrator, "ANSWER_SECONDS", 0.2)
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.1)
            asyncio.get_running_loop().call_later(0.5, process.send_signal, signal.SIGCONT)
            await publisher.publish("weather", [b"x"], None)

    with pytest.raises(BrokerError, match="TimeoutError"):
        async with asyncio.timeout(30):
            await publish_into_silence()


async def test_the_solar_wind_goes_on_after_the_broker_was_away(mdb):
    await mdb.restart_nats(seconds_away=1.2)
    before = (await state(mdb, "solar-wind"))["last_seq"]

    async def more_has_come():
        return (await state(mdb, "solar-wind"))["last_seq"] > before

    await until(more_has_come)
