"""Following a job from anywhere: status, events, result, cancel."""

import asyncio

import pytest

from scibus.client import IgnoredFields, connect
from scibus.contracts.problems import (
    BackendUnavailable,
    Cancelled,
    InvalidRequest,
    NotFound,
)
from tests.client.jobs.conftest import all_of
from tests.runtime.probe import Probe


@pytest.fixture
def bus(shared_bus):
    return shared_bus


@pytest.fixture
def diary(shared_diary):
    return shared_diary


async def test_events_come_in_order_and_end_with_the_final_one(service):
    job = await service.work.submit(steps=["sleep:0.3", "progress:here", "sleep:1.2", "progress:there"])

    events = [status async for status in job.events()]

    assert events[-1].state == "succeeded"
    assert {event.state for event in events[:-1]} <= {"queued", "running"}
    assert [event.progress.message for event in events if event.progress][-1] == "there"
    assert [event.updated_at for event in events] == sorted(event.updated_at for event in events)


async def test_the_events_of_a_job_that_has_ended_are_its_last_status(service):
    job = await service.echo.submit(text="a")
    await job

    assert [event.state async for event in job.events()] == ["succeeded"]


async def test_a_slow_watcher_skips_to_newer_events_and_gets_the_final_one(service, diary):
    holder = await service.work.submit_as("holder", steps=["turn:watched", "sleep:60"])
    await diary.tells("holder start 1 from 0")
    job = await service.work.submit(steps=["progress:a", "turn:watched", "progress:b"])
    events = job.events()
    first = await anext(events)
    await holder.cancel()
    await job

    rest = [event async for event in events]

    assert not first.is_final
    assert rest[-1].state == "succeeded"


async def test_late_events_and_what_is_none_do_no_harm(bus, service, diary):
    job = await service.work.submit_as("noisy", steps=["sleep:1"])
    await diary.tells("noisy start 1 from 0")
    watching = asyncio.create_task(all_of(job))
    await asyncio.sleep(0.2)
    late = (await job.status()).model_copy(update={"state": "failed"}).model_dump_json().encode()
    await bus.connection.publish("scibus.v1.event.probe.work.noisy", late, headers={"Nats-Sequence": "1"})
    await bus.connection.publish("scibus.v1.event.probe.work.noisy", b"no status")
    await bus.connection.publish("scibus.v1.event.probe.work.noisy", b"{}", headers={"Nats-Sequence": "x"})

    assert (await watching)[-1].state == "succeeded"


async def test_another_process_finds_the_job_by_its_id(shared_server, service):
    job = await service.echo.submit(text="from afar")

    async with connect(shared_server.url) as elsewhere:
        same = elsewhere.service(Probe).echo.job(job.job_id)
        assert (await same.result(40)).text == "from afar"
        assert (await same.status()).state == "succeeded"


async def test_what_is_no_id_is_refused(service):
    with pytest.raises(ValueError, match="cannot be an id"):
        service.echo.job("a.b")


async def test_a_failed_job_raises_its_problem(service):
    job = await service.work.submit(steps=["unavailable:5"])

    with pytest.raises(BackendUnavailable, match="the probe's backend is down"):
        await job
    assert (await job.status()).problem.slug == "backend-unavailable"


async def test_a_table_comes_as_arrow(service):
    table = await (await service.numbers.submit(count=3))

    assert table.to_arrow()["n"].to_pylist() == [0, 1, 2]


async def test_large_results_come_through_the_object_store(service):
    text = await service.repeat.submit(count=3_000_000)
    table = await service.numbers.submit(count=300_000)

    assert len((await text).text) == 3_000_000
    assert (await table).to_arrow()["n"][-1].as_py() == 299_999


async def test_fields_that_the_worker_does_not_know_are_warned_of(bus, service):
    await bus.connection.jetstream().publish("scibus.v1.job.probe.echo.newer", b'{"text":"a","loud":true}')

    with pytest.warns(IgnoredFields, match="loud"):
        assert (await service.echo.job("newer").result(40)).text == "a"


async def test_a_body_that_is_no_request_fails_with_its_faults(bus, service):
    await bus.connection.jetstream().publish("scibus.v1.job.probe.echo.bad", b'{"text":7}')

    with pytest.raises(InvalidRequest, match="text"):
        await service.echo.job("bad").result(40)


async def test_a_cancelled_job_raises_cancelled(service, diary):
    job = await service.work.submit_as("stop", steps=["sleep:60"])
    await diary.tells("stop start 1 from 0")

    status = await job.cancel()

    assert status.cancel_requested or status.state == "cancelled"
    with pytest.raises(Cancelled):
        await job.result(40)
    assert (await job.cancel()).state == "cancelled"


async def test_cancelling_what_is_not_there_is_not_found(service):
    with pytest.raises(NotFound):
        await service.work.job("nobody").cancel()
