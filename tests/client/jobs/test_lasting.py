"""Jobs over the death of workers and servers, and over what is forgotten."""

import asyncio

import pytest

from scibus.bus.stored import api
from scibus.bus.topology import job_stream, shared_streams
from scibus.client import JobStatus
from scibus.contracts.problems import (
    Conflict,
    NotFound,
)
from tests.client.jobs.conftest import all_of
from tests.runtime.probe import Probe


async def test_the_same_id_is_the_same_job_also_outside_the_duplicate_window(bus, service, spawn_probe, diary):
    await spawn_probe()
    stream = job_stream(Probe)
    config = {**stream.config(), "duplicate_window": 100_000_000}
    await api(bus.connection, f"STREAM.UPDATE.{stream.name}", config)

    await (await service.work.submit_as("late", name="a"))
    running = await service.work.submit_as("longer", steps=["sleep:1"])
    await asyncio.sleep(0.3)
    await service.work.submit_as("late", name="a")
    await service.work.submit_as("longer", steps=["sleep:1"])
    await running

    assert diary.lines("late") == ["late start 1 from 0", "late end 1"]
    assert diary.lines("longer") == ["longer start 1 from 0", "longer end 1"]
    with pytest.raises(Conflict):
        await service.work.submit_as("late", name="b")


async def test_a_watcher_sees_the_end_over_a_crash_of_the_server(nats_server, service, worker, diary, monkeypatch):
    monkeypatch.setattr("scibus.client.jobs.watching.SILENCE_SECONDS", 0.2)
    job = await service.work.submit_as("through", steps=["sleep:2"])
    await diary.tells("through start 1 from 0")
    watching = asyncio.create_task(all_of(job))
    waiting = asyncio.create_task(job.result(60))
    await asyncio.sleep(0.3)
    await nats_server.kill()
    # Longer than the watcher waits for any one answer.
    await asyncio.sleep(5.5)
    await nats_server.start()

    assert (await watching)[-1].state == "succeeded"
    assert (await waiting).text.startswith(" in attempt")


async def test_a_watcher_sees_the_end_when_no_event_reaches_it(bus, service, worker, diary, monkeypatch):
    monkeypatch.setattr("scibus.client.jobs.watching.SILENCE_SECONDS", 0.2)
    statuses = next(stream for stream in shared_streams() if stream.name == "KV_scibus_jobs")
    await api(bus.connection, f"STREAM.UPDATE.{statuses.name}", {**statuses.config(), "republish": None})
    job = await service.work.submit_as("unheard", steps=["sleep:0.5"])

    assert (await all_of(job))[-1].state == "succeeded"


async def test_a_watcher_sees_the_end_of_a_job_whose_worker_died_before_it_recorded_it(
    bus, service, queue, monkeypatch
):
    monkeypatch.setattr("scibus.client.jobs.watching.SILENCE_SECONDS", 0.2)
    running = JobStatus(service="probe", operation="echo", job_id="poor", state="running", attempt=1)
    js = bus.connection.jetstream()
    await js.publish("$KV.scibus_jobs.probe.echo.poor", running.model_dump_json().encode())
    events = service.echo.job("poor").events()
    first = await anext(events)
    await js.publish("scibus.v1.result.probe.echo.poor", b'{"text":"a"}', headers={"Scibus-State": "succeeded"})

    async with asyncio.timeout(40):
        rest = [event async for event in events]

    assert first == running
    assert [event.state for event in rest] == ["succeeded"]


async def test_a_result_outlives_the_status(bus, service, worker):
    job = await service.fail.submit(text="not-found")
    with pytest.raises(NotFound):
        await job
    await api(bus.connection, "STREAM.PURGE.KV_scibus_jobs")

    status = await job.status()

    assert (status.state, status.attempt) == ("failed", 1)
    assert status.problem.slug == "not-found"


async def test_a_result_that_is_not_kept_any_more_is_told_so(bus, service, worker):
    job = await service.echo.submit(text="a")
    await job
    await api(bus.connection, "STREAM.PURGE.SCIBUS_RESULTS")

    with pytest.raises(NotFound, match="kept 7 days"):
        await job.result(5)
