"""Connections to the MDB: who may have one, who shares it, what it survives."""

import asyncio
import dataclasses
import json
import signal
import time
from contextvars import ContextVar

import pytest
from nats.js.api import ConsumerConfig

from scibus.autobahn.datasets import Dataset
from scibus.contracts.problems import (
    BackendUnavailable,
    Forbidden,
    InvalidRequest,
    NotFound,
    Overloaded,
    Unauthenticated,
)
from scibus.sandbox.standin import Fault
from tests.autobahn.forging import answers, token
from tests.waiting import until

NAMES = "$JS.API.STREAM.NAMES"
WAYS = pytest.mark.parametrize("websocket", [True, False])


async def streams(session):
    return json.loads(await session.ask(NAMES, b"{}"))["streams"]


async def connection_names(stand_in):
    async with stand_in.broker._administering(stand_in.broker._system) as administrator:
        seen = await administrator.ask("$SYS.REQ.SERVER.PING.CONNZ")
    # Who has just come has no name yet.
    names = [client.get("name", "") for client in seen["data"]["connections"]]
    return sorted(name for name in names if name.startswith("scibus"))


@WAYS
async def test_a_session_reads_its_dataset_under_the_readers_name(open_mdb, stand_in, websocket):
    mdb = open_mdb(websocket=websocket)

    async with mdb.sessions.of("weather") as session:
        assert await streams(session) == ["weather"]
        assert session.connection.connected_url.scheme == ("wss" if websocket else "tls")
        assert await connection_names(stand_in) == ["scibus: alice (weather)"]


async def test_readers_of_one_dataset_share_a_connection_and_those_of_others_do_not(mdb, stand_in):
    async with (
        mdb.sessions.of("weather") as one,
        mdb.sessions.of("weather") as same,
        mdb.sessions.of("solar-wind") as other,
        mdb.sessions.of("streamql-q1") as query,
    ):
        assert one is same
        assert len({one, other, query}) == 3
        assert await connection_names(stand_in) == [
            "scibus: alice (solar-wind)",
            "scibus: alice (streamql)",
            "scibus: alice (weather)",
        ]


async def test_fifty_who_come_at_once_open_one_session(mdb, stand_in):
    async def come():
        async with mdb.sessions.of("weather") as session:
            return await streams(session)

    assert await asyncio.gather(*(come() for _ in range(50))) == [["weather"]] * 50
    assert (stand_in.count("config"), stand_in.count("getjwt"), stand_in.count("user_jwt")) == (1, 1, 1)


@pytest.mark.parametrize(
    ("slug", "problem"),
    [("secret", Forbidden), ("nowhere", NotFound), ("a b", InvalidRequest), ("streamql-q 1", InvalidRequest)],
)
async def test_who_may_not_read_is_told_before_anything_is_connected(mdb, stand_in, slug, problem):
    with pytest.raises(problem):
        async with mdb.sessions.of(slug):
            pass

    assert await connection_names(stand_in) == []


async def test_an_idle_session_is_kept_for_a_while_and_then_closed(open_mdb, stand_in):
    mdb = open_mdb(session_idle=1)
    async with mdb.sessions.of("weather") as first:
        pass
    async with mdb.sessions.of("weather") as second:
        pass

    assert first is second
    await until(lambda: asyncio.sleep(0, second.is_closed), 30)
    async with mdb.sessions.of("weather") as third:
        assert await streams(third) == ["weather"]


async def test_when_there_are_as_many_as_may_be_an_idle_one_makes_room_and_one_in_use_does_not(open_mdb):
    mdb = open_mdb(max_sessions=1)
    async with mdb.sessions.of("weather"):
        pass

    async with mdb.sessions.of("solar-wind"):
        with pytest.raises(Overloaded):
            async with mdb.sessions.of("weather"):
                pass


@WAYS
async def test_what_the_server_denies_is_told_at_once(open_mdb, stand_in, websocket):
    stand_in.configure({"strict": True})
    subject = "$JS.API.CONSUMER.CREATE.weather.Mine.weather"

    async with open_mdb(websocket=websocket).sessions.of("weather") as session:
        began = time.monotonic()
        with pytest.raises(
            Forbidden, match=r"does not let this token publish to '\$JS.API.CONSUMER.CREATE.weather.Mine"
        ):
            await session.ask(subject, b"{}", timeout=60)
        assert time.monotonic() - began < 10
        assert await streams(session) == ["weather"]


async def test_what_is_published_and_denied_is_told_to_whoever_watches(mdb):
    async with mdb.sessions.of("weather") as session:
        with session.denials("elsewhere") as denied, session.denials("other") as other:
            await session.connection.publish("elsewhere", b"")
            with pytest.raises(Forbidden, match="'elsewhere'"):
                async with asyncio.timeout(30):
                    await denied
        assert other.cancelled()


async def test_a_question_that_nobody_answers_ends(mdb, stand_in):
    nats_server = stand_in.broker.server.process
    async with mdb.sessions.of("weather") as session:
        nats_server.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(BackendUnavailable, match=r"did not answer on \$JS.API.STREAM.NAMES within 0.1 s"):
                await session.ask(NAMES, b"{}", timeout=0.1)
        finally:
            nats_server.send_signal(signal.SIGCONT)


class Reader:
    """Reads a dataset with a durable consumer, as long as the block runs."""

    def __init__(self, session, name, stream):
        self.session, self.name, self.stream, self.seen = session, name, stream, []

    async def __aenter__(self):
        config = ConsumerConfig(ack_wait=2, deliver_policy="new", inactive_threshold=60)
        js = self.session.connection.jetstream()
        self.pull = await js.pull_subscribe(self.stream, self.name, self.stream, config=config)
        self.reading = asyncio.create_task(self.read())
        return self

    async def __aexit__(self, *_):
        self.reading.cancel()
        await asyncio.wait([self.reading])

    async def read(self):
        while True:
            try:
                for message in await self.pull.fetch(50, timeout=0.5):
                    self.seen.append(int(message.data))
                    await message.ack()
            except TimeoutError:
                # nats-py's own or asyncio's, whichever it comes upon first.
                pass

    async def has_all(self, count):
        async def all_came() -> bool:
            if self.reading.done():
                self.reading.result()
            return len(set(self.seen)) >= count

        await until(all_came, 30)
        assert set(self.seen) == set(range(count))


async def publish_until(stand_in, dataset, over):
    """Publish numbers until something is `over`; how many."""
    count = 0
    async with asyncio.timeout(60):
        while not over():
            await stand_in.publish(dataset, [str(n).encode() for n in range(count, count + 5)])
            count += 5
            await asyncio.sleep(0.1)
    return count


async def test_a_reader_loses_nothing_while_tokens_come_and_go(open_mdb, stand_in):
    # Each is replaced three seconds before its end.
    stand_in.configure({"nats_token_seconds": 9})
    web, tcp = open_mdb(websocket=True), open_mdb(websocket=False)

    async with web.sessions.of("weather") as one, tcp.sessions.of("weather") as two:
        refusals = []
        one._denials.hear = two._denials.hear = refusals.append
        async with Reader(one, "web", "weather") as first, Reader(two, "tcp", "weather") as second:
            count = await publish_until(stand_in, "weather", lambda: min(one.reconnects, two.reconnects) >= 2)
            await first.has_all(count)
            await second.has_all(count)

        assert [str(error) for error in refusals] == []


@WAYS
async def test_a_token_that_could_not_be_renewed_in_time_costs_a_while_and_not_the_session(
    open_mdb, stand_in, websocket
):
    stand_in.configure({"nats_token_seconds": 2})
    mdb = open_mdb(websocket=websocket, attempts=1, outage_pause=0.2)
    async with mdb.sessions.of("weather") as session:
        stand_in.faults.inject(Fault(operation="user_jwt", status=503, times=None))
        await until(lambda: asyncio.sleep(0, not session.connection.is_connected), 30)
        with pytest.raises(BackendUnavailable):
            await session.ask(NAMES, b"{}", timeout=0.2)

        stand_in.configure({"nats_token_seconds": 60})
        stand_in.faults.clear()
        await session.reconnected(0)

        assert await streams(session) == ["weather"]


async def test_a_token_that_nats_refuses_is_replaced_by_a_new_one(mdb, stand_in):
    stand_in.faults.inject(answers("user_jwt", token(sub="stale")))

    async with mdb.sessions.of("weather") as session:
        assert await streams(session) == ["weather"]
    assert stand_in.count("user_jwt") == 2


@WAYS
async def test_a_token_that_is_revoked_is_replaced_by_a_new_one(open_mdb, stand_in, websocket):
    mdb = open_mdb(websocket=websocket)
    async with mdb.sessions.of("weather") as session:
        # As if the server did not know it any more.
        revoked = dataclasses.replace(session._keeper.token, text=token(sub="revoked"))
        session._keeper.token = session._keeper._tokens.current = revoked
        await stand_in.drop_connections()
        async with asyncio.timeout(30):
            await session.reconnected(0)

        assert await streams(session) == ["weather"]
    assert stand_in.count("user_jwt") == 2


@WAYS
async def test_when_nats_refuses_the_new_one_too_it_is_told(open_mdb, stand_in, websocket):
    stand_in.faults.inject(answers("user_jwt", token(sub="stale"), times=None))

    with pytest.raises(Unauthenticated, match=r"the NATS server localhost:.* does not accept the token for 'weather'"):
        async with open_mdb(websocket=websocket).sessions.of("weather"):
            pass

    assert stand_in.count("user_jwt") == 2


async def test_when_a_dataset_is_closed_to_us_all_who_wait_are_told(mdb, stand_in):
    stand_in.configure({"nats_token_seconds": 2})
    async with mdb.sessions.of("weather") as session:
        stand_in.faults.inject(Fault(operation="user_jwt", status=403, times=None))
        with session.denials("something") as denied, pytest.raises(Forbidden, match="alice is not entitled"):
            async with asyncio.timeout(30):
                await denied
        with pytest.raises(Forbidden):
            await session.ask(NAMES, b"{}")
        with pytest.raises(Forbidden):
            async with mdb.sessions.of("weather"):
                pass

        stand_in.faults.clear()
        async with mdb.sessions.of("weather") as again:
            assert again is session
            assert await streams(again) == ["weather"]


@WAYS
async def test_a_session_comes_back_when_the_server_does(open_mdb, stand_in, websocket):
    mdb = open_mdb(websocket=websocket)
    async with mdb.sessions.of("weather") as session, Reader(session, f"back-{websocket}", "weather") as reader:
        await stand_in.kill_nats()
        await asyncio.sleep(0.3)
        await stand_in.start_nats()
        async with asyncio.timeout(30):
            await session.reconnected(0)
        await stand_in.publish("weather", [b"0", b"1"])
        await reader.has_all(2)

        await stand_in.drop_connections()
        async with asyncio.timeout(30):
            await session.reconnected(1)
        await stand_in.publish("weather", [b"2"])
        await reader.has_all(3)


async def test_no_question_is_lost_while_the_connection_is_made_anew(mdb, stand_in):
    async with mdb.sessions.of("weather") as session:
        over = asyncio.Event()

        async def ask_on():
            while not over.is_set():
                assert await streams(session) == ["weather"]

        asking = [asyncio.create_task(ask_on()) for _ in range(50)]
        await session._exchange()
        over.set()
        await asyncio.gather(*asking)

        assert session.reconnects == 1


async def test_a_server_that_has_moved_is_found_when_the_token_is_renewed(mdb, stand_in, monkeypatch):
    monkeypatch.setattr("scibus.autobahn.account_server.CONFIG_SECONDS", 0.0)
    async with mdb.sessions.of("weather") as session:
        moved = stand_in.nats_websocket_url.replace("localhost", "127.0.0.1")
        places = json.dumps({**stand_in._config(), "nats_websocket_url": moved})
        stand_in.faults.inject(answers("config", places, times=None))
        await session._exchange()

        assert session.connection.connected_url.geturl() == moved
        assert await streams(session) == ["weather"]


async def test_a_standing_query_that_is_younger_than_the_token_can_be_read(mdb, stand_in):
    stand_in.configure({"strict": True})
    async with mdb.sessions.of("streamql-q1") as session:
        await stand_in.add_dataset("streamql-younger")
        info = "$JS.API.CONSUMER.INFO.streamql-younger.6384e2b2184bcbf58eccf10ca7a65630"
        with pytest.raises(Forbidden):
            await session.ask(info)

        async with mdb.sessions.of("streamql-younger") as same:
            assert same is session
            assert json.loads(await session.ask(info))["error"]["err_code"] == 10014


@pytest.fixture
async def our_tasks():
    """All tasks that the test begins, and those that they do: the stand-in has tasks of its own on the same loop."""
    tasks, ours, loop = [], ContextVar("ours", default=False), asyncio.get_running_loop()

    def begin(loop, coroutine, **options):
        task = asyncio.Task(coroutine, loop=loop, **options)
        if ours.get():
            tasks.append(task)
        return task

    loop.set_task_factory(begin)
    yield ours, tasks
    loop.set_task_factory(None)


async def test_closing_leaves_nothing(stand_in, open_mdb, our_tasks):
    ours, tasks = our_tasks
    ours.set(True)
    mdb = open_mdb()
    async with mdb.sessions.of("weather"), mdb.sessions.of("streamql-q1"):
        pass
    opening = asyncio.create_task(mdb.sessions.of("solar-wind").__aenter__())
    await asyncio.sleep(0.01)

    await mdb.close()
    await asyncio.wait([opening])

    async def nothing_is_left() -> bool:
        return all(task.done() for task in tasks)

    await until(nothing_is_left, 30)
    assert len(tasks) > 10
    assert await connection_names(stand_in) == []


async def test_the_name_of_a_dataset_that_fits_is_the_scope(mdb):
    async with mdb.sessions.of("Orbit.Ephemeris") as session:
        assert session.scope == Dataset.named("Orbit.Ephemeris").scope == "Orbit.Ephemeris"
        assert await streams(session) == ["orbit_ephemeris"]
