"""A consumer is read in its order, each message once; whatever is lost on the way is noticed."""

import asyncio
import time

import pytest

from scibus.bus import pulling
from scibus.bus.connection import close_connection, open_connection
from scibus.bus.pulling import Interrupted, Pull, pulled
from scibus.bus.raw_messages import RawMessage
from scibus.bus.settings import BusSettings
from scibus.bus.stored import api
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
async def proxy(nats_server):
    async with NatsProxy(nats_server.port) as proxy:
        yield proxy


@pytest.fixture
async def away(proxy):
    """A connection that the proxy can cut and slow down."""
    connection = await open_connection(BusSettings(nats_url=proxy.url), "test")
    yield connection
    await close_connection(connection)


@pytest.fixture
async def numbers(connection):
    """A stream that a test fills, and a consumer of it."""
    stream = Numbers(connection)
    # Of a stream in files that is made again at once under its name, the server may find what was to be deleted.
    config = {"name": "NUMBERS", "subjects": ["numbers"], "storage": "memory"}
    await api(connection, "STREAM.CREATE.NUMBERS", config)
    await stream.make_consumer()
    yield stream
    await api(connection, "STREAM.DELETE.NUMBERS")


class Numbers:
    def __init__(self, connection):
        self.connection = connection
        self.last = 0

    async def make_consumer(self, **config):
        config = {"name": "reader", "durable_name": "reader", "ack_policy": "none", **config}
        body = {"stream_name": "NUMBERS", "config": config}
        await api(self.connection, "CONSUMER.CREATE.NUMBERS.reader", body)

    async def remove_consumer(self):
        await api(self.connection, "CONSUMER.DELETE.NUMBERS.reader")

    async def put(self, count, size=0):
        js = self.connection.jetstream()
        for number in range(self.last + 1, self.last + count + 1):
            await js.publish_async("numbers", b"%d" % number + bytes(size))
        await js.publish_async_completed()
        self.last += count


def reading(connection, *, batch=10, most_bytes=1_000_000):
    return Pull(connection, "NUMBERS", "reader", batch=batch, most_bytes=lambda: most_bytes)


async def first(pull, count, seconds=30.0):
    """Sequences of the first `count` messages."""
    found = []
    async with asyncio.timeout(seconds):
        while len(found) < count:
            found += [one.sequence for one in await pull.next(1)]
    return found


async def arrived(pull, count):
    """Wait until so many messages wait to be taken."""
    await until(lambda: len(pull._messages) == count)


async def test_all_messages_come_in_order_and_tell_where_they_stand(connection, numbers):
    await numbers.put(25)

    async with reading(connection) as pull:
        await pull.ask()
        await arrived(pull, 10)
        one = (await pull.next(30))[0]
        rest = await first(pull, 24 - 9)

    assert (one.message.data, one.sequence, one.number, one.pending) == (b"1", 1, 1, 24)
    assert abs(one.time / 1e9 - time.time()) < 60
    assert rest == list(range(11, 26))


async def test_one_batch_comes_at_most(connection, numbers):
    await numbers.put(30)

    async with reading(connection) as pull:
        await pull.ask()
        await arrived(pull, 10)
        await pull.ask()
        await arrived(pull, 20)
        batches = [await pull.next(30)]
        await arrived(pull, 20)
        batches += [await pull.next(30) for _ in range(2)]

    assert [len(batch) for batch in batches] == [10, 10, 10]


async def test_what_comes_later_is_waited_for(connection, numbers):
    async with reading(connection) as pull:
        waiting = asyncio.create_task(pull.next(30))
        await asyncio.sleep(0.1)
        await numbers.put(1)

        assert [one.sequence for one in await waiting] == [1]


async def test_when_nothing_comes_it_returns_in_time(connection, numbers, monkeypatch):
    monkeypatch.setattr(pulling, "LOOK_SECONDS", 60)
    began = time.monotonic()

    async with reading(connection) as pull:
        assert await pull.next(0.3) == []

    assert 0.25 < time.monotonic() - began < 30


async def test_requests_that_expire_are_made_anew(connection, numbers, monkeypatch):
    monkeypatch.setattr(pulling, "EXPIRES_SECONDS", 0.2)
    monkeypatch.setattr(pulling, "HEARTBEAT_SECONDS", 0.09)

    async with reading(connection) as pull:
        waiting = asyncio.create_task(pull.next(30))
        await asyncio.sleep(0.7)
        await numbers.put(1)

        assert [one.sequence for one in await waiting] == [1]


async def test_as_many_bytes_wait_as_were_asked_for(connection, numbers):
    await numbers.put(60, size=100_000)

    async with reading(connection, batch=1000, most_bytes=300_000) as pull:
        for _ in range(5):
            await pull.ask()
            await until(lambda: pull._asked == 0)
        held = sum(len(one.message.data) for one in pull._messages)
        found = await first(pull, 60)

    assert 300_000 < held < 300_000 + 1_300_000
    assert found == list(range(1, 61))


async def test_a_message_larger_than_what_is_asked_for_comes_all_the_same(connection, numbers):
    await numbers.put(3, size=1_000_000)

    async with reading(connection, most_bytes=1000) as pull:
        assert await first(pull, 3) == [1, 2, 3]


async def test_messages_that_somebody_else_took_are_noticed(connection, numbers):
    async with reading(connection) as thief, reading(connection) as pull:
        await thief.ask()
        waiting = asyncio.create_task(first(pull, 30))
        await asyncio.sleep(0.1)
        await numbers.put(30)

        with pytest.raises(Interrupted, match="elsewhere"):
            await waiting


async def test_a_message_that_is_lost_between_others_is_noticed(away, numbers, proxy):
    lost = iter([False, False, True])
    proxy.watch = lambda frame: not (b"$JS.ACK" in frame.data and next(lost, False))
    async with reading(away) as pull:
        await numbers.put(5)

        with pytest.raises(Interrupted, match="elsewhere"):
            await first(pull, 5)


async def test_a_last_message_that_is_lost_is_noticed_by_the_next_heartbeat(away, numbers, proxy, monkeypatch):
    monkeypatch.setattr(pulling, "HEARTBEAT_SECONDS", 0.2)
    proxy.watch = lambda frame: b"$JS.ACK" not in frame.data
    async with reading(away) as pull:
        await numbers.put(1)

        with pytest.raises(Interrupted, match="lost on their way"):
            await pull.next(30)


async def test_a_consumer_that_is_removed_ends_the_waiting(connection, numbers):
    async with reading(connection) as pull:
        waiting = asyncio.create_task(pull.next(30))
        await asyncio.sleep(0.1)
        await numbers.remove_consumer()

        with pytest.raises(Interrupted) as told:
            await waiting

    assert told.value.gone


async def test_a_consumer_that_is_not_there_is_told(connection, numbers):
    await numbers.remove_consumer()

    async with reading(connection) as pull:
        with pytest.raises(Interrupted) as told:
            await pull.next(30)

    assert told.value.gone


async def test_a_consumer_that_somebody_has_set_back_is_noticed(connection, numbers):
    await numbers.remove_consumer()
    await numbers.make_consumer(ack_policy="all")
    await numbers.put(5)

    async with reading(connection, batch=2) as pull:
        assert await first(pull, 4) == [1, 2, 3, 4]
        await api(connection, "CONSUMER.RESET.NUMBERS.reader", {"seq": 1})

        with pytest.raises(Interrupted):
            await first(pull, 8)


async def test_a_connection_that_breaks_is_noticed_when_it_is_back(away, numbers, proxy):
    async with reading(away) as pull:
        waiting = asyncio.create_task(pull.next(30))
        await asyncio.sleep(0.1)
        proxy.cut()

        with pytest.raises(Interrupted, match="connection"):
            await waiting


async def test_a_server_that_falls_silent_is_noticed(away, numbers, proxy, monkeypatch):
    monkeypatch.setattr(pulling, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(pulling, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(pulling, "LOOK_SECONDS", 0.1)
    async with reading(away) as pull:
        waiting = asyncio.create_task(pull.next(30))
        await asyncio.sleep(0.1)
        proxy.open.clear()

        with pytest.raises(Interrupted, match="silent"):
            await waiting

    proxy.open.set()


async def test_what_arrived_before_the_break_is_given_first(connection, numbers):
    await numbers.put(3)

    async with reading(connection) as pull:
        await pull.ask()
        await arrived(pull, 3)
        pull.interrupt("the test says so")

        assert await first(pull, 3) == [1, 2, 3]
        with pytest.raises(Interrupted, match="the test says so"):
            await pull.next(1)


async def test_whoever_is_cancelled_while_asking_has_lost_nothing(connection, numbers, monkeypatch):
    """Asking waits when much waits to be sent."""
    await numbers.put(3)
    async with reading(connection, batch=2) as pull:
        await pull.ask()
        await arrived(pull, 2)
        stuck = asyncio.create_task(pull.next(5))
        monkeypatch.setattr(connection, "publish", lambda *_, **__: asyncio.sleep(10))
        await asyncio.sleep(0.05)
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        monkeypatch.undo()

        assert (await first(pull, 2))[0] == 1


async def test_what_somebody_sends_to_the_inbox_is_no_message(connection, numbers):
    async with reading(connection) as pull:
        await connection.publish(pull._inbox, b"hello")
        await connection.publish(pull._inbox, b"hello", reply="$JS.ACK.a.b.c.d.e.f.g")
        await numbers.put(1)

        assert await first(pull, 1) == [1]


async def test_nothing_is_left_of_a_reader_that_ended(connection, numbers):
    before = len(connection._subs)

    async with reading(connection) as pull:
        await pull.next(0.05)

    assert len(connection._subs) == before


@pytest.mark.parametrize("first_parts", ["$JS.ACK", "$JS.ACK.hub.ACCOUNT"])
def test_the_place_stands_in_the_reply_subject_with_and_without_a_domain(first_parts):
    reply = f"{first_parts}.S.C.1.7.5.1700000000000000009.3"
    one = pulled(RawMessage(b"a", reply.encode() + b".token" * ("hub" in reply), b"", b""))

    assert (one.sequence, one.number, one.time, one.pending) == (7, 5, 1700000000000000009, 3)
