"""Turns: one job at a time uses what a key stands for, across all workers, and waiting costs no slot."""

import asyncio

import pytest

from tests.processes import TAKEN_OVER


async def test_jobs_of_one_key_take_turns_on_two_workers(jobs, spawn_probe):
    await spawn_probe()
    await spawn_probe()
    steps = ["turn:key", "note:in", "sleep:0.1", "note:out", "release"]
    await asyncio.gather(*(jobs.work(f"t{i}", *steps) for i in range(6)))

    assert [await jobs.state(f"t{i}") for i in range(6)] == ["succeeded"] * 6
    turns = [line.split() for line in jobs.noted() if "note" in line]
    assert [word for _, _, word in turns] == ["in", "out"] * 6
    assert all(turns[i][0] == turns[i + 1][0] for i in range(0, 12, 2))


async def test_jobs_of_different_keys_do_not_wait(jobs, worker):
    await jobs.work("a", "turn:one", "gate:one")
    await jobs.gates.reached("one")
    await jobs.work("b", "turn:two")

    assert await jobs.state("b") == "succeeded"


async def test_a_waiting_job_holds_no_slot(jobs, spawn_probe):
    await spawn_probe(SCIBUS_CONCURRENCY="2")
    await jobs.work("holder", "turn:key", "gate:held", "note:free")
    await jobs.gates.reached("held")
    await asyncio.gather(*(jobs.work(f"w{i}", "turn:key", "note:mine") for i in range(5)))
    await asyncio.gather(*(jobs.reaches(f"w{i}", "waiting") for i in range(5)))

    await jobs.work("other", "note:passing")
    assert await jobs.state("other") == "succeeded"
    assert "holder note free" not in jobs.noted()

    jobs.gates.open("held")
    assert [await jobs.state(f"w{i}") for i in range(5)] == ["succeeded"] * 5


async def test_a_dead_holders_turn_goes_on_and_waiting_cost_no_attempt(jobs, spawn_probe):
    first = await spawn_probe(**TAKEN_OVER)
    await jobs.work("holder", "turn:key", "gate:held")
    await jobs.gates.reached("held")
    await jobs.work("waiter", "turn:key")
    await jobs.reaches("waiter", "waiting")

    first.kill()
    await spawn_probe(**TAKEN_OVER)
    await jobs.notes("holder start 2 from 0")
    await jobs.cancel("holder")

    assert await jobs.state("waiter") == "succeeded"
    assert (await jobs.reaches("waiter", "succeeded"))["attempt"] == 1


async def test_a_job_keeps_its_turn_however_long_it_runs(jobs, spawn_probe):
    await spawn_probe(**TAKEN_OVER)
    await spawn_probe(**TAKEN_OVER)
    await jobs.work("long", "turn:key", "gate:long", "sleep:9", "note:end", "release")
    await jobs.gates.reached("long")
    jobs.gates.open("long")
    await jobs.work("next", "turn:key", "note:begin")

    assert await jobs.state("next") == "succeeded"
    assert jobs.noted().index("long note end") < jobs.noted().index("next note begin")


async def test_the_key_is_told_nobody(jobs, worker, bus):
    await jobs.work("a", "turn:jane.doe@example.org", "gate:held")
    await jobs.gates.reached("held")

    with pytest.raises(Exception, match="no message found"):
        await jobs.js.get_last_msg("KV_scibus_leases", "$KV.scibus_leases.turn.probe.jane")
    lease = await jobs.js.get_last_msg("KV_scibus_leases", "$KV.scibus_leases.turn.probe.*")
    assert "jane" not in lease.subject
    assert b"jane" not in lease.data
