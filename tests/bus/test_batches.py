"""Several messages published at once: all or none, and only after the message that was seen."""

import asyncio

import pytest
from nats.errors import ConnectionClosedError

from scibus.bus import batches
from scibus.bus.batches import LARGEST_BATCH, BatchPublisher, Outgoing
from scibus.bus.connection import close_connection, open_connection
from scibus.bus.guarded import Stale
from scibus.bus.raw_messages import FIRST_LINE, RawMessage
from scibus.bus.settings import BusSettings
from scibus.bus.stored import api, first_message, last_message
from scibus.contracts.problems import BackendUnavailable, TooLarge
from scibus.sandbox import NatsServer
from tests import standing
from tests.chaos.proxy import NatsProxy
from tests.waiting import until

nats_server = standing.nats_server


@pytest.fixture(scope="module")
async def connection(nats_server):
    connection = await open_connection(BusSettings(nats_url=nats_server.url), "test")
    yield connection
    await close_connection(connection)


@pytest.fixture
async def stream(connection):
    """A stream that takes batches."""
    await make_stream(connection)
    yield
    await api(connection, "STREAM.DELETE.LANE")


@pytest.fixture
def publisher(connection, stream):
    return BatchPublisher(connection, "LANE")


@pytest.fixture
async def proxy(nats_server):
    async with NatsProxy(nats_server.port) as proxy:
        yield proxy


@pytest.fixture
async def away(proxy, stream):
    """A connection that the proxy can cut and slow down."""
    connection = await open_connection(BusSettings(nats_url=proxy.url), "test")
    yield connection
    await close_connection(connection)


async def make_stream(connection, **settings):
    # Of a stream in files that is made again at once under its name, the server may find what was to be deleted.
    config = {"name": "LANE", "subjects": ["lane.*"], "allow_atomic": True, "storage": "memory", **settings}
    await api(connection, "STREAM.CREATE.LANE", config)


def numbered(*numbers):
    return [Outgoing(b"N: %d\r\n" % number, b"%d" % number) for number in numbers]


async def count(connection):
    return (await api(connection, "STREAM.INFO.LANE"))["state"]["messages"]


async def test_a_batch_is_stored_whole_and_in_order(connection, publisher):
    assert await publisher.publish("lane.a", numbered(1, 2, 3), 0) == 3

    found = [await first_message(connection, "LANE", "lane.a", start) for start in (1, 2, 3)]
    assert [(one.sequence, one.data, one.headers["N"]) for one in found] == [
        (1, b"1", "1"),
        (2, b"2", "2"),
        (3, b"3", "3"),
    ]


async def test_one_message_is_stored_as_any_other(connection, publisher):
    assert await publisher.publish("lane.a", numbered(1), 0) == 1

    assert (await last_message(connection, "LANE", "lane.a")).data == b"1"


async def test_the_next_batch_follows_what_the_last_one_returned(publisher):
    last = await publisher.publish("lane.a", numbered(1, 2), 0)
    await publisher.publish("lane.b", numbered(1, 2, 3), 0)

    assert await publisher.publish("lane.a", numbered(3, 4), last) == 7


@pytest.mark.parametrize("numbers", [(2,), (2, 3), tuple(range(2, 502))])
@pytest.mark.parametrize("after", [0, 7])
async def test_what_does_not_follow_the_last_message_is_refused_whole(connection, publisher, after, numbers):
    await publisher.publish("lane.a", numbered(1), 0)

    with pytest.raises(Stale):
        await publisher.publish("lane.a", numbered(*numbers), after)

    assert await count(connection) == 1


async def test_the_largest_batch_fits_and_a_larger_one_is_refused_whole(connection, publisher):
    last = await publisher.publish("lane.a", numbered(*range(LARGEST_BATCH)), 0)

    with pytest.raises(BackendUnavailable):
        await publisher.publish("lane.a", numbered(*range(LARGEST_BATCH + 1)), last)

    assert (last, await count(connection)) == (LARGEST_BATCH, LARGEST_BATCH)


async def test_a_message_that_is_too_large_costs_neither_the_others_nor_the_connection(connection, publisher):
    reconnects = connection.stats["reconnects"]

    with pytest.raises(TooLarge):
        await publisher.publish("lane.a", [*numbered(1, 2), Outgoing(b"", bytes(connection.max_payload + 1))], 0)

    assert await publisher.publish("lane.a", numbered(1), 0) == 1
    assert connection.stats["reconnects"] == reconnects


async def test_of_two_who_publish_at_once_one_at_most_is_not_refused(connection, publisher):
    """The server may refuse both."""
    another = BatchPublisher(connection, "LANE")

    answers = await asyncio.gather(
        publisher.publish("lane.a", numbered(*range(100)), 0),
        another.publish("lane.a", numbered(*range(100)), 0),
        return_exceptions=True,
    )

    assert sorted(map(repr, answers)) in (["100", "Stale('lane.a')"], ["Stale('lane.a')"] * 2)
    assert await count(connection) == 100 * answers.count(100)


async def test_hundreds_of_subjects_at_once_are_not_too_many_for_the_server(connection, publisher):
    await asyncio.gather(*(publisher.publish(f"lane.{n}", numbered(1, 2, 3), 0) for n in range(100)))

    assert await count(connection) == 300


async def test_a_stream_that_is_full_takes_nothing(connection):
    await make_stream(connection, max_msgs=5, discard="new")

    with pytest.raises(BackendUnavailable, match="maximum"):
        await BatchPublisher(connection, "LANE").publish("lane.a", numbered(*range(10)), 0)

    assert await count(connection) == 0
    await api(connection, "STREAM.DELETE.LANE")


async def test_a_stream_that_takes_no_batches_says_so(connection):
    await make_stream(connection, allow_atomic=False)

    with pytest.raises(BackendUnavailable, match="atomic publish is disabled"):
        await BatchPublisher(connection, "LANE").publish("lane.a", numbered(1, 2), 0)

    await api(connection, "STREAM.DELETE.LANE")


async def test_another_stream_with_the_subject_is_not_written_to(connection, stream):
    with pytest.raises(BackendUnavailable, match="stream"):
        await BatchPublisher(connection, "ELSEWHERE").publish("lane.a", numbered(1), 0)

    assert await count(connection) == 0


async def test_a_stream_that_is_not_there_is_told_at_once(connection, monkeypatch):
    monkeypatch.setattr(batches, "WRITE_SECONDS", 60)

    async with asyncio.timeout(30):
        with pytest.raises(BackendUnavailable):
            await BatchPublisher(connection, "NOWHERE").publish("nowhere.a", numbered(1, 2), 0)


async def test_when_the_answer_is_lost_the_stream_tells_what_became_of_it(connection, away, proxy, monkeypatch):
    publisher = BatchPublisher(away, "LANE")
    proxy.watch = lambda frame: b'"count":2' not in frame.data

    with monkeypatch.context() as impatient:
        impatient.setattr(batches, "WRITE_SECONDS", 0.3)
        with pytest.raises(BackendUnavailable):
            await publisher.publish("lane.a", numbered(1, 2), 0)
    with pytest.raises(Stale):
        await publisher.publish("lane.a", numbered(1, 2), 0)

    assert await count(connection) == 2


async def test_a_batch_whose_end_is_lost_leaves_nothing(connection, away, proxy, monkeypatch):
    publisher = BatchPublisher(away, "LANE")
    proxy.watch = lambda frame: b"Nats-Batch-Commit" not in frame.data

    with monkeypatch.context() as impatient:
        impatient.setattr(batches, "WRITE_SECONDS", 0.3)
        with pytest.raises(BackendUnavailable):
            await publisher.publish("lane.a", numbered(1, 2, 3), 0)
    proxy.watch = None

    assert await publisher.publish("lane.a", numbered(1, 2, 3), 0) == 3
    assert await count(connection) == 3


async def test_a_batch_of_which_a_message_is_lost_is_refused_whole(connection, away, proxy):
    proxy.watch = lambda frame: b"Nats-Batch-Sequence: 2" not in frame.data

    with pytest.raises(BackendUnavailable):
        await BatchPublisher(away, "LANE").publish("lane.a", numbered(1, 2, 3), 0)

    assert await count(connection) == 0


async def test_while_the_connection_is_lost_nothing_is_kept_for_later(monkeypatch):
    monkeypatch.setattr(batches, "WRITE_SECONDS", 60)
    async with NatsServer() as server:
        connection = await open_connection(BusSettings(nats_url=server.url), "test")
        await make_stream(connection, storage="file")
        await server.kill()
        await until(lambda: not connection.is_connected)

        async with asyncio.timeout(30):
            with pytest.raises(BackendUnavailable, match="connection"):
                await BatchPublisher(connection, "LANE").publish("lane.a", numbered(1, 2), 0)

        await server.start()
        await connection.flush(30)
        assert await count(connection) == 0
        await close_connection(connection)


async def test_a_connection_that_is_closed_takes_nothing(nats_server):
    connection = await open_connection(BusSettings(nats_url=nats_server.url), "test")
    await close_connection(connection)

    with pytest.raises(BackendUnavailable):
        await BatchPublisher(connection, "LANE").publish("lane.a", numbered(1), 0)
    with pytest.raises(ConnectionClosedError):
        await connection.ask_all([RawMessage(b"lane.a", b"", b"1", FIRST_LINE + b"\r\n")], 5)


async def test_answers_find_those_who_asked_for_them(connection, publisher):
    lasts = await asyncio.gather(*(publisher.publish(f"lane.{n}", numbered(*range(n)), 0) for n in range(1, 40)))
    found = [(await last_message(connection, "LANE", f"lane.{n}")).sequence for n in range(1, 40)]

    assert lasts == found
