"""A job is done once, whoever dies, freezes or submits it again."""

import asyncio
import json
import signal

from tests.runtime.jobs.conftest import settle


async def test_a_killed_workers_job_goes_on_from_its_checkpoint(jobs, spawn_probe):
    first = await spawn_probe()
    await jobs.work("k1", "note:one", "save", "sleep:30")
    await jobs.notes("k1 note one")
    await jobs.js.get_last_msg("KV_scibus_checkpoints", "$KV.scibus_checkpoints.probe.work.k1")

    first.kill()
    await spawn_probe()
    await jobs.notes("k1 start 2 from 2")

    assert jobs.noted("k1") == ["k1 start 1 from 0", "k1 note one", "k1 start 2 from 2"]
    assert (await jobs.status("k1"))["attempt"] == 2


async def test_a_job_whose_worker_dies_each_time_fails_and_is_kept(jobs, spawn_probe):
    workers = [await spawn_probe() for _ in range(4)]
    await jobs.work("x1", "exit:9")

    result = await jobs.result("x1")

    assert json.loads(result.data)["detail"] == "the worker died in each of 3 attempts"
    assert result.headers["Scibus-Attempt"] == "3"
    assert (await jobs.dead("x1")).headers["Scibus-Problem"] == "internal"
    assert [line for line in jobs.noted("x1") if "start" in line] == [f"x1 start {n} from 0" for n in (1, 2, 3)]
    assert [worker.process.returncode for worker in workers].count(3) == 3


async def test_a_long_job_is_not_given_to_others_meanwhile(jobs, spawn_probe):
    await spawn_probe()
    await spawn_probe()
    await jobs.work("l1", "sleep:5")

    assert await jobs.state("l1") == "succeeded"
    assert jobs.noted("l1") == ["l1 start 1 from 0", "l1 end 1"]


async def test_a_frozen_worker_finds_out_that_its_job_is_gone(jobs, spawn_probe):
    frozen = await spawn_probe()
    await jobs.work("z1", "sleep:2.5", "save", "note:acted")
    await jobs.notes("z1 start 1 from 0")

    frozen.process.send_signal(signal.SIGSTOP)
    await spawn_probe()
    await jobs.notes("z1 start 2 from 0")
    frozen.process.send_signal(signal.SIGCONT)
    await jobs.result("z1")
    await settle(1.0)

    assert [line for line in jobs.noted("z1") if "acted" in line] == ["z1 note acted"]
    assert jobs.noted("z1")[-1] == "z1 end 2"


async def test_an_id_submitted_again_while_it_runs_runs_once(jobs, spawn_probe):
    await spawn_probe()
    await spawn_probe()
    await jobs.work("s1", "sleep:0.5")
    await jobs.notes("s1 start 1 from 0")

    await asyncio.gather(*(jobs.work("s1", "sleep:0.5") for _ in range(20)))

    assert await jobs.state("s1") == "succeeded"
    await settle()
    assert jobs.noted("s1") == ["s1 start 1 from 0", "s1 end 1"]
    assert await jobs.left() == 0


async def test_an_id_submitted_again_after_its_end_does_not_run_again(jobs, worker):
    await jobs.work("s1", "note:once")
    await jobs.reaches("s1", "succeeded")

    await jobs.work("s1", "note:once")
    await settle()

    assert jobs.noted("s1").count("s1 note once") == 1
    assert await jobs.left() == 0


async def test_a_result_that_was_stored_before_its_worker_died_stands(jobs, bus, spawn_probe):
    first = await spawn_probe()
    await jobs.work("d1", "sleep:30")
    await jobs.notes("d1 start 1 from 0")

    first.kill()
    await jobs.js.publish(
        "scibus.v1.result.probe.work.d1", b'{"text":"in time"}', headers={"Scibus-State": "succeeded"}
    )
    await spawn_probe()

    assert (await jobs.reaches("d1", "succeeded"))["attempt"] == 2
    assert jobs.noted("d1") == ["d1 start 1 from 0"]
    assert (await jobs.result("d1")).data == b'{"text":"in time"}'
    await settle()
    assert await jobs.left() == 0


async def test_a_restarted_server_loses_no_job_and_doubles_none(jobs, nats_server, spawn_probe):
    await spawn_probe()
    await asyncio.gather(*(jobs.work(f"r{i}", "sleep:0.5", "note:done") for i in range(20)))
    await jobs.notes("r0 start 1 from 0")

    await nats_server.kill()
    await nats_server.start()

    assert [await jobs.state(f"r{i}") for i in range(20)] == ["succeeded"] * 20
    assert sorted(jobs.noted()).count("r7 note done") == 1


async def test_a_worker_waits_for_a_server_that_is_away_longer_than_a_lease(jobs, nats_server, spawn_probe):
    await spawn_probe()
    await jobs.work("w1", "sleep:6")
    await jobs.notes("w1 start 1 from 0")

    await nats_server.kill()
    await asyncio.sleep(2.5)
    await nats_server.start()

    assert await jobs.state("w1") == "succeeded"
    assert (await jobs.reaches("w1", "succeeded"))["attempt"] == 1
