"""A job is done once, whoever dies, freezes or submits it again."""

import asyncio

from tests.processes import TAKEN_OVER
from tests.runtime.jobs.conftest import settle


async def test_a_killed_workers_job_goes_on_from_its_checkpoint(jobs, spawn_probe):
    first = await spawn_probe(**TAKEN_OVER)
    await jobs.work("k1", "note:one", "save", "gate:k1")
    await jobs.gates.reached("k1")

    first.kill()
    await spawn_probe(**TAKEN_OVER)
    await jobs.notes("k1 start 2 from 2")

    assert jobs.noted("k1") == ["k1 start 1 from 0", "k1 note one", "k1 start 2 from 2"]
    assert (await jobs.status("k1"))["attempt"] == 2


async def test_an_id_submitted_again_while_it_runs_runs_once(jobs, spawn_probe):
    await spawn_probe()
    await spawn_probe()
    await jobs.work("s1", "gate:s1")
    await jobs.gates.reached("s1")

    await asyncio.gather(*(jobs.work("s1", "gate:s1") for _ in range(20)))
    await settle()
    jobs.gates.open("s1")

    assert await jobs.state("s1") == "succeeded"
    await settle()
    assert jobs.noted("s1") == ["s1 start 1 from 0", "s1 end 1"]
    await jobs.none_left()


async def test_an_id_submitted_again_after_its_end_does_not_run_again(jobs, worker):
    await jobs.work("s1", "note:once")
    await jobs.reaches("s1", "succeeded")

    await jobs.work("s1", "note:once")
    await settle()

    assert jobs.noted("s1").count("s1 note once") == 1
    await jobs.none_left()


async def test_a_restarted_server_loses_no_job_and_doubles_none(jobs, nats_server, spawn_probe):
    # What the server was not told in all that time it would give out again, and rightly so.
    await spawn_probe(SCIBUS_ACK_WAIT="15")
    await asyncio.gather(*(jobs.work(f"r{i}", "sleep:0.5", "note:done") for i in range(20)))
    await jobs.notes("r0 start 1 from 0")

    await nats_server.kill()
    await nats_server.start()

    assert [await jobs.state(f"r{i}") for i in range(20)] == ["succeeded"] * 20
    assert sorted(jobs.noted()).count("r7 note done") == 1
