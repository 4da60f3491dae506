"""With the permissions that the pages give them, callers and workers can do all that they do, and no more."""

import asyncio
import re
from datetime import timedelta

import pytest

from scibus.bus.topology import DATA
from scibus.client import JobRef, connect
from scibus.sandbox import NatsServer
from scibus.sandbox.mdb import MdbStandIn
from tests.docs.pages import FOLDER, ROOT
from tests.waiting import until

ADDRESS = "user@example.com"
RECORDS = "hmi.m_45s[2013.07.03_08:42_TAI/90s]{magnetogram}"
TOO_LARGE = b"x" * 1_046_000
"""For a message of the bus, with the headers that it gets there."""
PASSWORD = "secret"
USERS = ("CALLER", "WORKER", "FOLLOWER", "FORWARDER", "OPERATOR")


PAGE = (FOLDER / "operate.md").read_text(encoding="utf-8")
TO_BIND, WITH_LIVE_DATA, FURTHER = (
    PAGE.index(beginning) for beginning in ("- With `SCIBUS_TOPOLOGY=bind`", "- With live data", "- A follower of one")
)
ENOUGH_TO_BIND = re.findall(r"`(\$JS[^`]*)`", PAGE[TO_BIND:WITH_LIVE_DATA])
ENOUGH_WITH_LIVE_DATA = re.findall(r"`(\$JS[^`]*)`", PAGE[WITH_LIVE_DATA:FURTHER])


@pytest.fixture
async def nats_server(monkeypatch):
    for name in USERS:
        monkeypatch.setenv(f"{name}_PASSWORD", PASSWORD)
    async with NatsServer(config=(ROOT / "docs" / "examples" / "permissions.conf").read_text()) as server:
        yield server


def login(server, user):
    return server.url.replace("nats://", f"nats://{user}:{PASSWORD}@")


async def allow(server, instead):
    """Let users publish to other subjects in place of those that are named, and start the server anew."""
    for before, subjects in instead.items():
        server.config = server.config.replace(f'"{before}"', "\n".join(f'"{subject}"' for subject in subjects))
    await server.stop()
    await server.start()


@pytest.fixture
async def caller(nats_server):
    async with connect(login(nats_server, "caller"), timeout=10) as bus:
        yield bus


@pytest.fixture
async def follower(nats_server):
    async with connect(login(nats_server, "follower"), timeout=10) as bus:
        yield bus


@pytest.fixture
async def operator(nats_server):
    async with connect(login(nats_server, "operator"), timeout=10) as bus:
        yield bus


@pytest.fixture
def spawn_drms(nats_server, spawn_worker, jsoc):
    """Its answers are split, so that a table comes as a blob."""
    jsoc.configure({"wait": 0})

    async def spawn(**settings):
        return await spawn_worker(
            "drms",
            SCIBUS_NATS_URL=login(nats_server, "worker"),
            SCIBUS_DRMS_BASE_URL=jsoc.cgi_url,
            SCIBUS_DRMS_DOWNLOAD_URL=jsoc.download_url,
            SCIBUS_DRMS_RECORDS_PER_ANSWER="2",
            **settings,
        )

    return spawn


@pytest.fixture
async def worker(spawn_drms):
    return await spawn_drms()


@pytest.fixture(scope="module")
async def mdb():
    async with MdbStandIn(datasets={"weather": ["alice"]}) as stand_in:
        yield stand_in


@pytest.fixture
def spawn_autobahn(nats_server, spawn_worker, mdb):
    async def spawn(**settings):
        backend = mdb.addresses()["settings"]
        return await spawn_worker("autobahn", SCIBUS_NATS_URL=login(nats_server, "forwarder"), **backend, **settings)

    return spawn


@pytest.fixture
async def forwarder(spawn_autobahn):
    return await spawn_autobahn()


@pytest.fixture
async def large(mdb):
    """A dataset with a small message and a large one."""
    await mdb.add_dataset("large")
    await mdb.publish("large", [b"small", TOO_LARGE])
    yield "large"
    await mdb.recreate("large")


def noting(bus):
    """What the server refuses to this bus from now on."""
    refused = []

    async def note(error):
        refused.append(str(error).lower())

    bus.connection._error_cb = note
    return refused


async def test_a_caller_asks_and_lists(worker, caller):
    assert len(await caller.drms.query(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key=["T_REC"])) == 4
    assert [worker.name for worker in await caller.services(30)] == ["drms"]
    assert {queue.operation for queue in await caller.queues()} >= {"export", "query"}
    assert await caller.dead_letters() == []

    job = await caller.drms.export.submit_as("one", ds=RECORDS, notify=ADDRESS, protocol="fits")
    assert [status.state async for status in job.events()][-1] == "succeeded"
    file = (await job.result(timeout=40)).files[0]
    assert (await caller.download(file.blob, "one.fits")).stat().st_size == file.size
    assert (await job.cancel()).state == "succeeded"
    assert [str(status.ref) for status in await caller.jobs()] == ["drms.export.one"]

    await caller.drms.rs_summary.schedule("nightly", timedelta(days=1), ds="hmi.v_45s")
    assert [schedule.schedule_id for schedule in await caller.schedules()] == ["nightly"]
    await caller.remove_schedule(JobRef("drms", "rs_summary", "nightly"))
    assert "ermission" not in worker.log_text()


async def test_a_caller_cannot_say_what_only_workers_say(caller):
    refused = noting(caller)
    for subject in ("scibus.v1.result.drms.export.x", "$KV.scibus_jobs.drms.export.x", "scibus.v1.job.other.x"):
        await caller.connection.publish(subject, b"{}")
    await caller.connection.flush()
    await until(lambda: asyncio.sleep(0, len(refused) >= 3))

    assert ["permissions violation" in error for error in refused] == [True] * 3


async def test_a_worker_that_binds_needs_less(worker, nats_server, spawn_drms, caller):
    worker.terminate()
    await worker.wait()
    await allow(nats_server, {"$JS.API.>": [word for word in ENOUGH_TO_BIND if word != "$JS.API.>"]})

    binding = await spawn_drms(SCIBUS_TOPOLOGY="bind")
    assert len(await caller.drms.query(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key=["T_REC"])) == 4
    job = await caller.drms.export.submit(ds=RECORDS, notify=ADDRESS, protocol="fits")

    assert len((await job.result(timeout=40)).files) == 2
    assert "ermission" not in binding.log_text()


async def test_a_follower_follows_and_steers(forwarder, follower, operator, large):
    refused = noting(follower)

    async with await follower.autobahn.subscribe(large, offset="begin", reader="night") as subscription:
        assert (await anext(subscription)).data == b"small"
        assert len((await anext(subscription)).data) == len(TOO_LARGE)
        assert (await subscription.pause()).state == "paused"
        assert (await subscription.resume()).state == "running"
        await subscription.seek(1)
        assert (await anext(subscription)).sequence == 1
    async with await follower.autobahn.subscribe(large, reader="night") as subscription:
        assert (await anext(subscription)).sequence == 2
        assert [state.id for state in (await follower.autobahn.subscriptions()).subscriptions] == [large]
        await subscription.unsubscribe()
    job = await operator.autobahn.info.submit(dataset=large)

    assert (await job.result(timeout=40)).dataset == large
    assert refused == []
    assert "ermission" not in forwarder.log_text()


async def test_a_follower_cannot_say_what_only_workers_say(follower):
    refused = noting(follower)
    elsewhere = f"$JS.API.CONSUMER.CREATE.{DATA}.spy.scibus.v1.data.other.x"
    for subject in ("scibus.v1.data.autobahn.x", "$KV.scibus_subscriptions.autobahn.x", elsewhere):
        await follower.connection.publish(subject, b"{}")
    await follower.connection.flush()
    await until(lambda: asyncio.sleep(0, len(refused) >= 3))

    assert ["permissions violation" in error for error in refused] == [True] * 3


async def test_a_follower_of_one_subscription_reads_no_other(nats_server, spawn_autobahn, follower, operator, large):
    create, get = f"$JS.API.CONSUMER.CREATE.{DATA}", f"$JS.API.STREAM.MSG.GET.{DATA}"
    one = f"scibus.v1.data.autobahn.{large}"
    instead = {f"{create}.*.scibus.v1.data.autobahn.>": [f"{create}.*.{one}"], get: [], "scibus.v1.req.autobahn.*": []}
    await allow(nats_server, instead)
    await spawn_autobahn()
    for dataset in (large, "weather"):
        await (await operator.autobahn.subscribe(dataset, offset="begin")).close()
    refused = noting(follower)

    reader = await follower.connection.jetstream().pull_subscribe(one, stream=DATA)
    assert [message.data for message in await reader.fetch(1)] == [b"small"]
    forbidden = (f"{create}.spy.scibus.v1.data.autobahn.weather", f"{create}.spy", get, "scibus.v1.req.autobahn.read")
    for subject in forbidden:
        await follower.connection.publish(subject, b"{}")
    await follower.connection.flush()
    await until(lambda: asyncio.sleep(0, len(refused) >= len(forbidden)))

    assert ["permissions violation" in error for error in refused] == [True] * len(forbidden)


async def test_a_worker_with_live_data_that_binds_needs_less(
    forwarder, nats_server, spawn_autobahn, follower, operator, large, mdb
):
    """Also where somebody else has published to its subject, so that it reads what it has forwarded."""
    forwarder.terminate()
    await forwarder.wait()
    enough = [word.replace("DRMS", "AUTOBAHN") for word in ENOUGH_TO_BIND if word != "$JS.API.>"]
    await allow(nats_server, {"$JS.API.>": [*enough, *ENOUGH_WITH_LIVE_DATA]})

    first, second = [await spawn_autobahn(SCIBUS_TOPOLOGY="bind") for _ in range(2)]
    async with await follower.autobahn.subscribe(large, offset="begin") as subscription:
        assert [(await anext(subscription)).sequence for _ in range(2)] == [1, 2]
        holder = (await subscription.status()).worker
        other, holding = sorted([first, second], key=lambda it: it.log_lines()[0]["worker"] == holder)
        await operator.connection.publish(subscription.state.subject, b"not of the dataset")
        holding.terminate()
        await holding.wait()
        await until(lambda: is_taken_over(subscription, holder), 40)
        await mdb.publish(large, [b"third"])
        assert (await anext(subscription)).data == b"third"

    assert "ermission" not in holding.log_text() + other.log_text()


async def is_taken_over(subscription, holder):
    state = await subscription.status()
    return state.worker not in (None, holder) and state.state == "running"
