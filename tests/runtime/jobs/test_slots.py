"""Slots: as many jobs at once as there are slots, and nothing is pulled beyond them."""

import asyncio

from tests.runtime.jobs.conftest import settle
from tests.runtime.pages import counted
from tests.waiting import free_port, read_page, until


async def test_a_job_takes_no_slot_from_others_than_its_own_operation(jobs, spawn_probe):
    await spawn_probe(SCIBUS_CONCURRENCY="1")
    await jobs.work("slow", "gate:slow")
    await jobs.gates.reached("slow")

    await jobs.submit("echo", {"text": "hello"}, "e1")

    assert await jobs.state("e1", "echo") == "succeeded"


async def test_no_more_is_pulled_than_there_are_slots_for(jobs, spawn_probe):
    await spawn_probe(SCIBUS_CONCURRENCY="2")
    await asyncio.gather(*(jobs.work(f"j{i}", "gate:slots") for i in range(8)))
    await jobs.gates.reached("slots", 2)
    await settle()

    pending = (await jobs.js.consumer_info("SCIBUS_JOBS_PROBE", "work")).num_ack_pending
    jobs.gates.open("slots")

    assert pending <= 2
    assert [await jobs.state(f"j{i}") for i in range(8)] == ["succeeded"] * 8


async def test_the_metrics_tell_what_became_of_jobs(jobs, spawn_probe):
    port = free_port()
    await spawn_probe(SCIBUS_HTTP_PORT=str(port))
    await jobs.work("a1")
    await jobs.work("f1", "missing")
    await jobs.reaches("a1", "succeeded")
    await jobs.reaches("f1", "failed")

    async def both_are_counted():
        page = await read_page(port, "/metrics")
        return [counted(page, "scibus.v1.job.probe.work", outcome) for outcome in ("", "failed")] == [1, 1]

    # A job is counted when all about it is told.
    await until(both_are_counted)
