"""Listing jobs and queues."""

import asyncio
from datetime import UTC, datetime, timedelta

from scibus.bus.topology import job_stream
from scibus.client import JobStatus
from tests.runtime.probe import Probe
from tests.waiting import until


async def test_jobs_are_listed_newest_first_whatever_their_state(bus, service, worker, diary):
    done = await service.echo.submit_as("done", text="a")
    await done
    failed = await service.fail.submit_as("failed", text="not-found")
    await anext(status async for status in failed.events() if status.is_final)
    await service.work.submit_as("running", steps=["sleep:60"])
    await diary.tells("running start 1 from 0")

    listed = [(status.job_id, status.state) for status in await bus.jobs()]

    assert listed == [("running", "running"), ("failed", "failed"), ("done", "succeeded")]
    assert [status.job_id for status in await bus.jobs(limit=2)] == ["running", "failed"]
    assert [status.job_id for status in await bus.jobs(states=["failed", "succeeded"])] == ["failed", "done"]
    assert [status.job_id for status in await bus.jobs(operation="echo")] == ["done"]
    assert [status.job_id for status in await bus.jobs("probe", "work")] == ["running"]
    assert await bus.jobs("drms") == []


async def test_jobs_that_nobody_has_begun_are_listed_from_their_queue(bus, service, queue):
    jobs = [await service.echo.submit(text=str(number)) for number in range(3)]
    named = await service.work.submit_as("named", name="a")

    listed = await bus.jobs()

    assert [status.job_id for status in listed] == ["named", *(job.job_id for job in reversed(jobs))]
    assert {status.state for status in listed} == {"queued"}
    assert listed == [await job.status() for job in [named, *reversed(jobs)]]
    assert [status.job_id for status in await bus.jobs(limit=2)] == ["named", jobs[2].job_id]
    assert [status.job_id for status in await bus.jobs(operation="work")] == ["named"]
    assert len(await bus.jobs(operation="echo", states=["queued"])) == 3
    assert await bus.jobs(states=["running"]) == []


async def test_the_newest_of_a_long_queue_are_found(bus, service, queue):
    js = bus.connection.jetstream()
    subjects = ["scibus.v1.job.probe.work", "scibus.v1.job.probe.wait"] * 1250
    acks = [await js.publish_async(subject, b"{}") for subject in subjects]
    await asyncio.gather(*acks)
    last = await service.echo.submit(text="last")
    await js.publish("scibus.v1.job.probe.work", b"x" * 300_000)

    listed = await bus.jobs(limit=1200)

    assert [status.sequence for status in listed] == list(range(2502, 2502 - 1200, -1))
    assert [status.job_id for status in await bus.jobs(operation="echo")] == [last.job_id]
    of_work = [status.sequence for status in await bus.jobs(operation="work", limit=700)]
    assert of_work == [2502, *range(2499, 2499 - 2 * 699, -2)]


async def test_a_job_between_two_attempts_is_listed_once(bus, service, worker, diary):
    job = await service.work.submit_as("again", steps=["unavailable:9"])
    await diary.tells("again start 1 from 0")

    listed = await bus.jobs(states=["retrying", "running", "queued"])

    assert [status.ref for status in listed] == [job.ref]


async def test_old_jobs_are_left_out(bus, queue):
    await recorded(bus, "old")

    async def only_the_new_one_is_young():
        # Again, should a second pass between the two.
        await asyncio.sleep(1.2)
        await recorded(bus, "new")
        return [status.job_id for status in await bus.jobs(since=timedelta(seconds=1))] == ["new"]

    await until(only_the_new_one_is_young, 40)
    assert len(await bus.jobs(since=timedelta(hours=1))) == 2


async def test_thousands_of_jobs_are_read_and_the_newest_are_kept(bus, queue):
    await asyncio.gather(*[recorded(bus, f"job-{number}") for number in range(1200)])
    await recorded(bus, "last")

    assert (await bus.jobs(limit=5))[0].job_id == "last"
    assert len(await bus.jobs(limit=5)) == 5
    assert len({status.job_id for status in await bus.jobs(limit=2000)}) == 1201


async def test_jobs_with_news_meanwhile_are_listed_once(bus, queue):
    await asyncio.gather(*[recorded(bus, f"job-{number}") for number in range(1200)])
    busy = asyncio.create_task(recorded_again_and_again(bus, 1200))
    await asyncio.sleep(0.05)

    listed = [status.job_id for status in await bus.jobs(limit=5000)]
    busy.cancel()

    assert len(listed) == len(set(listed)) == 1200


async def test_old_jobs_of_a_queue_are_left_out(bus, service, queue):
    await service.echo.submit_as("old", text="a")

    async def only_the_newest_is_young():
        # Again, should a second pass between the two.
        await asyncio.sleep(1.2)
        newest = await service.echo.submit(text="a")
        return [status.job_id for status in await bus.jobs(since=timedelta(seconds=1))] == [newest.job_id]

    await until(only_the_newest_is_young, 40)


async def test_the_limit_holds_for_all_states_together(bus, service, queue):
    await recorded(bus, "done")
    await service.echo.submit_as("queued", text="a")

    assert [status.job_id for status in await bus.jobs(limit=1)] == ["queued"]


async def test_what_is_no_status_is_left_out(bus, service, queue):
    await service.echo.submit_as("gone", text="a")
    await asyncio.sleep(0.01)
    await recorded(bus, "fine")
    js = bus.connection.jetstream()
    await js.publish("$KV.scibus_jobs.probe.echo.broken", b"no status")
    await js.publish("$KV.scibus_jobs.probe.echo.gone", b"", headers={"KV-Operation": "DEL"})

    assert [(status.job_id, status.state) for status in await bus.jobs()] == [("fine", "succeeded"), ("gone", "queued")]


async def test_on_a_bus_without_jobs_nothing_is_listed(bus):
    assert await bus.jobs() == []
    assert await bus.queues() == []
    assert await bus.dead_letters() == []
    assert await bus.schedules() == []


async def test_queues_tell_what_waits_and_since_when(bus, service, spawn_probe, diary):
    await spawn_probe(SCIBUS_CONCURRENCY="1")
    before = datetime.now(UTC) - timedelta(seconds=1)
    await service.work.submit_as("first", steps=["sleep:60"])
    await diary.tells("first start 1 from 0")
    [only_held] = [queue for queue in await bus.queues() if queue.held]
    await service.work.submit(name="second")
    await service.work.submit_as("third", name="third")

    of_all = {queue.operation: queue for queue in await bus.queues()}
    of_probe = await bus.queues("probe")

    assert set(of_all) == {operation.name for operation in Probe.operations()}
    assert (of_all["work"].service, of_all["work"].waiting, of_all["work"].held) == ("probe", 2, 1)
    assert before < of_all["work"].oldest < datetime.now(UTC) + timedelta(seconds=1)
    assert (only_held.waiting, only_held.oldest) == (0, of_all["work"].oldest)
    assert (of_all["echo"].waiting, of_all["echo"].oldest) == (0, None)
    assert of_all["work"].limit_bytes == job_stream(Probe).settings["max_bytes"]
    assert [queue.operation for queue in of_probe] == sorted(of_all)
    assert await bus.queues("drms") == []


async def recorded_again_and_again(bus, count):
    while True:
        for start in range(0, count, 50):
            await asyncio.gather(*[recorded(bus, f"job-{number}") for number in range(start, start + 50)])


async def recorded(bus, job_id):
    """A job of which a worker left this status."""
    status = JobStatus(
        service="probe", operation="echo", job_id=job_id, state="succeeded", updated_at=datetime.now(UTC)
    )
    subject = f"$KV.scibus_jobs.probe.echo.{job_id}"
    await bus.connection.jetstream().publish(subject, status.model_dump_json().encode())
