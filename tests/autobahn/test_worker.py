"""The worker on the bus, in front of the stand-in: what can be asked of it, and what it leaves at the broker."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from scibus.autobahn.consumers import clients_cursor
from scibus.contracts.live import BEGIN
from scibus.contracts.problems import Conflict, Forbidden, InvalidRequest, NotFound
from tests import standing

nats_server, bus, mdb, autobahn = standing.nats_server, standing.bus, standing.mdb, standing.autobahn
folder, spawn_worker = standing.folder, standing.spawn_worker


@pytest.fixture(autouse=True)
def as_usual(mdb):
    """After each test tokens carry the rights that they usually do."""
    yield
    mdb.configure({"strict": False})


async def cursors(mdb, dataset):
    """Names and acknowledged sequences of the cursors at the broker."""
    return {one["name"]: one["ack_floor"]["stream_seq"] for one in await mdb.consumers(dataset)}


async def take(subscription, count):
    """The sequences of the next `count` messages, each done."""
    taken = [(await anext(subscription)).sequence for _ in range(count)]
    await subscription.done()
    return taken


@pytest.mark.parametrize(
    ("dataset", "subject", "first"),
    [
        ("Orbit.Ephemeris", "orbit.ephemeris", b'{"time": "2026-01-01T00:00:00Z", "x_km"'),
        ("streamql-q1", "streamql.streamql-q1.>", b'{"query": "speed_km_s > 600"'),
    ],
)
async def test_datasets_of_every_kind_are_followed_and_described(autobahn, bus, dataset, subject, first):
    described = await bus.autobahn.info(dataset=dataset)

    async with await bus.autobahn.subscribe(dataset, offset=BEGIN) as sub:
        message = await anext(sub)

    assert described.subject == subject
    assert (message.sequence, message.dataset, message.data[: len(first)]) == (1, dataset, first)


async def test_a_dataset_is_described(autobahn, bus):
    described = await bus.autobahn.info(dataset="weather")

    assert (described.messages, described.first_sequence, described.last_sequence) == (100, 1, 100)
    assert described.retention == timedelta(days=7).total_seconds()
    assert described.bytes > 0
    assert datetime.now(UTC) - described.last_time < timedelta(minutes=5)


async def test_a_dataset_is_described_without_the_right_to_see_its_stream(autobahn, bus, mdb):
    mdb.configure({"strict": True})
    await mdb.add_dataset("shy", ["alice"])
    await mdb.publish("shy", [b"1", b"2"])

    with pytest.raises(Forbidden, match="CONSUMER"):
        await bus.autobahn.info(dataset="shy")


async def test_messages_are_read_and_no_cursor_is_left(autobahn, bus, mdb):
    before = await cursors(mdb, "weather")

    read = await bus.autobahn.read(dataset="weather", sequence=99, limit=5)

    assert [message.sequence for message in read.messages] == [99, 100]
    assert json.loads(read.messages[0].data)["time"] == "2026-01-01T16:20:00Z"
    assert await cursors(mdb, "weather") == before


async def test_messages_that_are_not_there_yet_are_waited_for(autobahn, bus):
    read = await bus.autobahn.read(dataset="solar-wind", offset="now", limit=1, wait=10)

    assert len(read.messages) == 1


async def test_binary_messages_are_read_as_base64(autobahn, bus, mdb):
    await mdb.add_dataset("binary", ["alice"])
    await mdb.publish("binary", [b"\xff\x00"], {"X-Unit": "counts"})

    (message,) = (await bus.autobahn.read(dataset="binary", offset="begin")).messages

    assert (message.encoding, message.data, message.headers) == ("base64", "/wA=", {"X-Unit": "counts"})


@pytest.mark.parametrize(
    ("dataset", "problem", "told"),
    [
        ("secret", Forbidden, "alice is not entitled to the dataset 'secret'"),
        ("nothing", NotFound, "no dataset 'nothing'"),
        ("a b", InvalidRequest, "no white space"),
    ],
)
async def test_what_cannot_be_followed_is_told_and_leaves_no_subscription(autobahn, bus, dataset, problem, told):
    with pytest.raises(problem, match=told):
        await bus.autobahn.subscribe(dataset)

    assert (await bus.autobahn.subscriptions(dataset=dataset)).subscriptions == []


async def test_an_id_stands_for_one_dataset(autobahn, bus):
    async with await bus.autobahn.subscribe("weather", id="mine"):
        with pytest.raises(Conflict, match="'mine' is to 'weather'"):
            await bus.autobahn.subscribe("Orbit.Ephemeris", id="mine")


async def test_the_token_is_told_without_its_text(autobahn, bus):
    token = await bus.autobahn.token()

    assert (token.cn, token.authorization) == ("alice", None)
    assert token.expires_at > datetime.now(UTC)


async def test_the_header_is_told_where_a_setting_allows_it(bus, mdb, nats_server, spawn_worker, autobahn):
    autobahn.terminate()
    await autobahn.wait()
    open_worker = await spawn_worker(
        "autobahn", SCIBUS_AUTOBAHN_REVEAL_AUTHORIZATION="true", **mdb.addresses()["settings"]
    )

    token = await bus.autobahn.token()

    assert token.authorization.startswith("Bearer ey")
    assert token.authorization.removeprefix("Bearer ") not in open_worker.log_text()


async def test_the_clients_cursor_is_left_alone(autobahn, bus, mdb):
    await mdb.add_dataset("shared", ["alice"])
    await mdb.publish("shared", [b"%d" % number for number in range(1, 6)])

    async with await bus.autobahn.subscribe("shared", offset=BEGIN) as sub:
        assert await take(sub, 5) == [1, 2, 3, 4, 5]
        (name,) = await cursors(mdb, "shared")
        await sub.unsubscribe()

    assert name.startswith("scibus-")
    assert name.endswith("-shared")
    assert name != clients_cursor("alice")
    assert await cursors(mdb, "shared") == {}


async def test_a_kept_cursor_says_where_to_go_on(autobahn, bus, mdb):
    await mdb.add_dataset("kept", ["alice"])
    await mdb.publish("kept", [b"1", b"2", b"3"])
    async with await bus.autobahn.subscribe("kept", offset=BEGIN) as sub:
        assert await take(sub, 3) == [1, 2, 3]
        await sub.unsubscribe(keep_cursor=True)
    await mdb.publish("kept", [b"4"])

    async with await bus.autobahn.subscribe("kept") as sub:
        message = await anext(sub)

    assert (message.sequence, message.epoch) == (4, 2)
    assert "goes on where the cursor" in sub.state.notice


async def test_the_clients_cursor_is_taken_over_on_purpose(autobahn, bus, mdb):
    await mdb.add_dataset("inherited", ["alice"])
    await mdb.publish("inherited", [b"1", b"2", b"3", b"4"])
    async with await bus.autobahn.subscribe("inherited", id="first", cursor="client", sequence=3) as sub:
        assert await take(sub, 2) == [3, 4]
        await sub.unsubscribe(keep_cursor=True)
    await mdb.publish("inherited", [b"5"])

    async with await bus.autobahn.subscribe("inherited", id="second", cursor="client") as sub:
        assert await take(sub, 1) == [5]

    assert set(await cursors(mdb, "inherited")) == {clients_cursor("alice")}


async def test_a_broker_that_knows_the_clients_cursor_only_is_told_and_can_be_used(autobahn, bus, mdb):
    mdb.configure({"strict": True})
    await mdb.add_dataset("narrow", ["alice"])
    await mdb.publish("narrow", [b"1", b"2"])

    with pytest.raises(Forbidden, match="cursor=client"):
        await bus.autobahn.subscribe("narrow", offset=BEGIN)
    async with await bus.autobahn.subscribe("narrow", offset=BEGIN, cursor="client") as sub:
        assert await take(sub, 2) == [1, 2]
        await mdb.drop_connections()
        await mdb.publish("narrow", [b"3"])
        message = await anext(sub)
        assert (message.sequence, message.epoch) == (3, sub.state.epoch)
        await sub.seek(2)
        assert await take(sub, 1) == [2]


async def test_headers_of_the_source_arrive_as_they_were(autobahn, bus, mdb):
    await mdb.add_dataset("headed", ["alice"])
    await mdb.publish("headed", [b"1"], {"Nats-Msg-Id": "one", "X-Unit": "counts", "Scibus-Epoch": "77"})

    async with await bus.autobahn.subscribe("headed", offset=BEGIN) as sub:
        message = await anext(sub)

    assert dict(message.headers) == {"Nats-Msg-Id": "one", "X-Unit": "counts", "Scibus-Epoch": "77"}
    assert message.epoch == 1


async def test_what_the_source_has_forgotten_is_a_gap(autobahn, bus, mdb):
    await mdb.add_dataset("forgetful", ["alice"])
    await mdb.publish("forgetful", [b"1", b"2"])
    async with await bus.autobahn.subscribe("forgetful", offset=BEGIN) as sub:
        assert await take(sub, 2) == [1, 2]
        await sub.pause()
        await mdb.publish("forgetful", [b"3", b"4", b"5"])
        await mdb.expire("forgetful", 5)
        await sub.resume()
        message = await anext(sub)

    assert message.sequence == 5
    assert (message.gap.after, message.gap.before, message.gap.missing) == (2, 5, 2)
    assert "the source did not give them" in str(message.gap)


async def test_a_stream_that_was_made_anew_is_a_new_epoch_and_said(autobahn, bus, mdb):
    await mdb.add_dataset("reborn", ["alice"])
    await mdb.publish("reborn", [b"old-1", b"old-2"])
    async with await bus.autobahn.subscribe("reborn", offset=BEGIN) as sub:
        assert await take(sub, 2) == [1, 2]
        await mdb.recreate("reborn")
        await mdb.publish("reborn", [b"new-1", b"new-2", b"new-3"])
        messages = [await anext(sub) for _ in range(3)]
        state = await sub.status()

    assert [(message.data, message.epoch) for message in messages] == [
        (b"new-1", 2),
        (b"new-2", 2),
        (b"new-3", 2),
    ]
    assert "began anew" in state.notice


async def test_a_worker_without_its_certificate_ends_with_a_reason(mdb, nats_server, spawn_worker, tmp_path):
    settings = mdb.addresses()["settings"] | {"SCIBUS_AUTOBAHN_CERT": str(tmp_path / "absent.crt")}

    worker = await spawn_worker("autobahn", ready=False, **settings)

    assert await worker.wait() == 1
    assert "absent.crt" in worker.log_text()
    assert len(worker.log_text().splitlines()) == 1
