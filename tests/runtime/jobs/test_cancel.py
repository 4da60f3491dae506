"""A job can be cancelled in every state, and ends once."""

import asyncio
import json

from tests.processes import TAKEN_OVER


async def test_a_running_job(standing):
    await standing.work("c1", "save", "gate:c1", "note:acted")
    await standing.gates.reached("c1")

    status = await standing.cancel("c1")

    assert status["cancel_requested"] is True
    result = await standing.result("c1")
    assert result.headers["Scibus-State"] == "cancelled"
    assert json.loads(result.data)["type"] == "urn:scibus:problem:cancelled"
    assert result.headers["Nats-Service-Error-Code"] == "499"
    assert standing.noted("c1") == ["c1 start 1 from 0", "c1 undo from 1"]
    await standing.none_left()


async def test_a_running_job_of_whichever_worker(jobs, spawn_probe):
    for _ in range(3):
        await spawn_probe()
    await asyncio.gather(*(jobs.work(f"c{i}", "gate:all") for i in range(9)))
    await jobs.gates.reached("all", 9)

    await asyncio.gather(*(jobs.cancel(f"c{i}") for i in range(9)))

    assert [await jobs.state(f"c{i}") for i in range(9)] == ["cancelled"] * 9


async def test_a_queued_job_never_starts(jobs, spawn_probe):
    await spawn_probe(SCIBUS_CONCURRENCY="1")
    await jobs.work("first", "gate:first")
    await jobs.gates.reached("first")
    await jobs.work("queued", "note:acted")

    status = await jobs.cancel("queued")
    jobs.gates.open("first")

    assert status["state"] == "cancelled"
    assert await jobs.state("first") == "succeeded"
    await jobs.reaches("first", "succeeded")
    assert jobs.noted("queued") == []
    await jobs.none_left()


async def test_a_job_that_waits_for_its_turn(standing):
    await standing.work("holder", "turn:key", "gate:held")
    await standing.gates.reached("held")
    await standing.work("waiter", "turn:key", "note:acted")
    await standing.reaches("waiter", "waiting")

    await standing.cancel("waiter")

    assert await standing.state("waiter") == "cancelled"
    standing.gates.open("held")
    assert await standing.state("holder") == "succeeded"
    assert "waiter note acted" not in standing.noted()


async def test_a_job_between_two_attempts(standing):
    await standing.work("r1", "save", "away:60", "note:acted")
    await standing.reaches("r1", "retrying")

    status = await standing.cancel("r1")

    assert status["state"] == "cancelled"
    assert await standing.state("r1") == "cancelled"
    assert standing.noted("r1")[-1] == "r1 undo from 1"
    await standing.none_left()


async def test_a_finished_job_stays_as_it_ended(standing):
    await standing.work("f1")
    await standing.reaches("f1", "succeeded")

    assert (await standing.cancel("f1"))["state"] == "succeeded"
    assert await standing.state("f1") == "succeeded"


async def test_a_job_that_nobody_knows(standing):
    assert (await standing.cancel("nobody"))["type"] == "urn:scibus:problem:not-found"


async def test_an_operation_that_nobody_knows(standing):
    assert (await standing.cancel("a1", "dance"))["type"] == "urn:scibus:problem:not-found"


async def test_a_job_whose_holder_is_dead(jobs, spawn_probe):
    first = await spawn_probe(**TAKEN_OVER)
    await jobs.work("h1", "save", "gate:h1")
    await jobs.gates.reached("h1")
    await first.killed()
    await spawn_probe(**TAKEN_OVER)

    assert (await jobs.cancel("h1"))["cancel_requested"] is True

    assert await jobs.state("h1") == "cancelled"
    assert jobs.noted("h1") == ["h1 start 1 from 0", "h1 undo from 1"]


async def test_cancelling_races_with_success(standing):
    await asyncio.gather(*(standing.work(f"x{i}", "sleep:0.05") for i in range(100)))
    answers = await asyncio.gather(*(standing.cancel(f"x{i}") for i in range(100)))

    ends = [await standing.state(f"x{i}") for i in range(100)]
    final = [(await standing.reaches(f"x{i}", end))["state"] for i, end in enumerate(ends)]

    assert set(ends) <= {"succeeded", "cancelled"}
    assert final == ends
    assert all(answer["state"] in (end, "running") for answer, end in zip(answers, ends, strict=True))
    await standing.none_left()
