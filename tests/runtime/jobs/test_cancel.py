"""A job can be cancelled in every state, and ends once."""

import asyncio
import json


async def test_a_running_job(jobs, worker):
    await jobs.work("c1", "save", "sleep:30", "note:acted")
    await jobs.notes("c1 start 1 from 0")

    status = await jobs.cancel("c1")

    assert status["cancel_requested"] is True
    result = await jobs.result("c1")
    assert result.headers["Scibus-State"] == "cancelled"
    assert json.loads(result.data)["type"] == "urn:scibus:problem:cancelled"
    assert result.headers["Nats-Service-Error-Code"] == "499"
    assert jobs.noted("c1") == ["c1 start 1 from 0", "c1 undo from 1"]
    await jobs.none_left()


async def test_a_running_job_of_whichever_worker(jobs, spawn_probe):
    for _ in range(3):
        await spawn_probe(SCIBUS_ACK_WAIT="30")
    await asyncio.gather(*(jobs.work(f"c{i}", "sleep:30") for i in range(9)))
    await asyncio.gather(*(jobs.notes(f"c{i} start 1 from 0") for i in range(9)))

    await asyncio.gather(*(jobs.cancel(f"c{i}") for i in range(9)))

    assert [await jobs.state(f"c{i}") for i in range(9)] == ["cancelled"] * 9


async def test_a_queued_job_never_starts(jobs, spawn_probe):
    await spawn_probe(SCIBUS_CONCURRENCY="1")
    await jobs.work("first", "sleep:1")
    await jobs.notes("first start 1 from 0")
    await jobs.work("queued", "note:acted")

    status = await jobs.cancel("queued")

    assert status["state"] == "cancelled"
    assert await jobs.state("first") == "succeeded"
    await jobs.reaches("first", "succeeded")
    assert jobs.noted("queued") == []
    await jobs.none_left()


async def test_a_job_that_waits_for_its_turn(jobs, worker):
    await jobs.work("holder", "turn:key", "sleep:1")
    await jobs.notes("holder start 1 from 0")
    await jobs.work("waiter", "turn:key", "note:acted")
    await jobs.reaches("waiter", "waiting")

    await jobs.cancel("waiter")

    assert await jobs.state("waiter") == "cancelled"
    assert await jobs.state("holder") == "succeeded"
    assert "waiter note acted" not in jobs.noted()


async def test_a_job_between_two_attempts(jobs, worker):
    await jobs.work("r1", "save", "unavailable:2", "note:acted")
    await jobs.reaches("r1", "retrying")

    status = await jobs.cancel("r1")

    assert status["state"] == "cancelled"
    assert await jobs.state("r1") == "cancelled"
    assert jobs.noted("r1")[-1] == "r1 undo from 1"
    await jobs.none_left()


async def test_a_finished_job_stays_as_it_ended(jobs, worker):
    await jobs.work("f1")
    await jobs.reaches("f1", "succeeded")

    assert (await jobs.cancel("f1"))["state"] == "succeeded"
    assert await jobs.state("f1") == "succeeded"


async def test_a_job_that_nobody_knows(jobs, worker):
    assert (await jobs.cancel("nobody"))["type"] == "urn:scibus:problem:not-found"


async def test_an_operation_that_nobody_knows(jobs, worker):
    assert (await jobs.cancel("a1", "dance"))["type"] == "urn:scibus:problem:not-found"


async def test_a_job_whose_holder_is_dead(jobs, spawn_probe):
    first = await spawn_probe()
    await jobs.work("h1", "save", "sleep:30")
    await jobs.js.get_last_msg("SCIBUS_JOBS_PROBE", "scibus.v1.job.probe.work.h1")
    await jobs.notes("h1 start 1 from 0")
    await asyncio.sleep(0.2)
    first.kill()
    await first.wait()
    await spawn_probe()

    assert (await jobs.cancel("h1"))["cancel_requested"] is True

    assert await jobs.state("h1") == "cancelled"
    assert jobs.noted("h1") == ["h1 start 1 from 0", "h1 undo from 1"]


async def test_cancelling_races_with_success(jobs, worker):
    await asyncio.gather(*(jobs.work(f"x{i}", "sleep:0.05") for i in range(100)))
    answers = await asyncio.gather(*(jobs.cancel(f"x{i}") for i in range(100)))

    ends = [await jobs.state(f"x{i}") for i in range(100)]
    final = [(await jobs.reaches(f"x{i}", end))["state"] for i, end in enumerate(ends)]

    assert set(ends) <= {"succeeded", "cancelled"}
    assert final == ends
    assert all(answer["state"] in (end, "running") for answer, end in zip(answers, ends, strict=True))
    await jobs.none_left()
