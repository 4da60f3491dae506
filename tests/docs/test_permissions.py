"""With the permissions that the pages give them, a caller and a worker can do all that they do, and no more."""

import asyncio
import re
from datetime import timedelta

import pytest

from scibus.client import JobRef, connect
from scibus.sandbox import NatsServer
from tests.docs.pages import FOLDER, ROOT

ADDRESS = "user@example.com"
RECORDS = "hmi.m_45s[2013.07.03_08:42_TAI/90s]{magnetogram}"
PASSWORD = "secret"


PAGE = (FOLDER / "operate.md").read_text(encoding="utf-8")
ENOUGH_TO_BIND = re.findall(
    r"`(\$JS[^`]*)`", PAGE[PAGE.index("- With `SCIBUS_TOPOLOGY=bind`") : PAGE.index("- Callers share")]
)


@pytest.fixture
async def nats_server(monkeypatch):
    for name in ("CALLER", "WORKER", "OPERATOR"):
        monkeypatch.setenv(f"{name}_PASSWORD", PASSWORD)
    async with NatsServer(config=(ROOT / "docs" / "examples" / "permissions.conf").read_text()) as server:
        yield server


def login(server, user):
    return server.url.replace("nats://", f"nats://{user}:{PASSWORD}@")


@pytest.fixture
async def caller(nats_server):
    async with connect(login(nats_server, "caller"), timeout=10) as bus:
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


async def test_a_caller_asks_and_lists(worker, caller):
    assert len(await caller.drms.query(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key=["T_REC"])) == 4
    assert [worker.name for worker in await caller.services()] == ["drms"]
    assert {queue.operation for queue in await caller.queues()} >= {"export", "query"}
    assert await caller.dead_letters() == []

    job = await caller.drms.export.submit_as("one", ds=RECORDS, notify=ADDRESS, protocol="fits")
    assert [status.state async for status in job.events()][-1] == "succeeded"
    file = (await job.result(timeout=10)).files[0]
    assert (await caller.download(file.blob, "one.fits")).stat().st_size == file.size
    assert (await job.cancel()).state == "succeeded"
    assert [str(status.ref) for status in await caller.jobs()] == ["drms.export.one"]

    await caller.drms.rs_summary.schedule("nightly", timedelta(days=1), ds="hmi.v_45s")
    assert [schedule.schedule_id for schedule in await caller.schedules()] == ["nightly"]
    await caller.remove_schedule(JobRef("drms", "rs_summary", "nightly"))
    assert "ermission" not in worker.log_text()


async def test_a_caller_cannot_say_what_only_workers_say(caller):
    refused = []

    async def note(error):
        refused.append(str(error).lower())

    caller.connection._error_cb = note
    for subject in ("scibus.v1.result.drms.export.x", "$KV.scibus_jobs.drms.export.x", "scibus.v1.job.other.x"):
        await caller.connection.publish(subject, b"{}")
    await caller.connection.flush()
    await asyncio.sleep(0.1)

    assert ["permissions violation" in error for error in refused] == [True] * 3


async def test_a_worker_that_binds_needs_less(worker, nats_server, spawn_drms, caller):
    worker.terminate()
    await worker.wait()
    allowed = [word for word in ENOUGH_TO_BIND if word != "$JS.API.>"]
    nats_server.config = nats_server.config.replace('"$JS.API.>"', ", ".join(f'"{subject}"' for subject in allowed))
    await nats_server.stop()
    await nats_server.start()

    binding = await spawn_drms(SCIBUS_TOPOLOGY="bind")
    assert len(await caller.drms.query(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key=["T_REC"])) == 4
    job = await caller.drms.export.submit(ds=RECORDS, notify=ADDRESS, protocol="fits")

    assert len((await job.result(timeout=20)).files) == 2
    assert "ermission" not in binding.log_text()
