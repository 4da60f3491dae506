"""Submitting: accepted means done once, and the same id is the same job."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from scibus.bus.errors import NoAnswer
from scibus.client import connect
from scibus.contracts.problems import (
    Conflict,
    DeadlineExceeded,
    TooLarge,
)
from tests.runtime.probe import Probe


@pytest.fixture
def bus(shared_bus):
    return shared_bus


@pytest.fixture
def diary(shared_diary):
    return shared_diary


async def test_a_job_without_an_id_is_done_and_has_an_id_of_the_bus(service):
    job = await service.echo.submit(text="hello")

    assert (await job).text == "hello"
    assert job.job_id.startswith("seq-")
    assert (await job.status()).state == "succeeded"


async def test_the_same_id_with_the_same_request_is_the_same_job(service, diary):
    first = await service.work.submit_as("once", steps=["sleep:0.3"], name="a")
    while_it_runs = await service.work.submit_as("once", steps=["sleep:0.3"], name="a")
    result = await first
    when_it_is_done = await service.work.submit_as("once", steps=["sleep:0.3"], name="a")

    assert first.ref == while_it_runs.ref == when_it_is_done.ref
    assert await while_it_runs == await when_it_is_done == result
    assert diary.lines("once") == ["once start 1 from 0", "once end 1"]


async def test_the_same_id_with_another_request_is_a_conflict_while_the_job_runs(service, diary):
    await service.work.submit_as("running", steps=["sleep:5"])
    await diary.tells("running start 1 from 0")

    with pytest.raises(Conflict):
        await service.work.submit_as("running", steps=["sleep:6"])


async def test_the_same_id_with_another_request_is_a_conflict_after_the_job(service):
    await (await service.echo.submit_as("done", text="a"))

    with pytest.raises(Conflict):
        await service.echo.submit_as("done", text="b")


async def test_twenty_clients_with_one_id_start_one_job(shared_server, diary):
    async with AsyncExitStack() as stack:
        buses = [await stack.enter_async_context(connect(shared_server.url)) for _ in range(20)]
        jobs = await asyncio.gather(*(bus.service(Probe).work.submit_as("shared", name="x") for bus in buses))
        results = await asyncio.gather(*jobs)

    assert {result.text for result in results} == {"x in attempt 1"}
    assert diary.lines("shared") == ["shared start 1 from 0", "shared end 1"]


async def test_where_no_worker_has_been_a_job_is_refused_at_once(bus):
    with pytest.raises(NoAnswer, match=r"no worker serves drms\.rs_list"):
        await bus.drms.rs_list.submit(ds="hmi.v_45s[$]", key="T_REC")
    with pytest.raises(NoAnswer, match=r"no worker serves drms\.rs_list"):
        await bus.drms.rs_list.submit_as("mine", ds="hmi.v_45s[$]", key="T_REC")


async def test_a_job_that_fits_into_no_message_is_not_sent(service):
    with pytest.raises(TooLarge):
        await service.echo.submit(text="x" * 1_100_000)
    with pytest.raises(TooLarge):
        await service.echo.submit_as("large", text="x" * 1_045_000)


async def test_ids_of_the_bus_cannot_be_chosen(service):
    with pytest.raises(ValueError, match="seq-"):
        await service.echo.submit_as("seq-abc-1", text="a")


async def test_a_job_whose_time_has_passed_is_not_started(service):
    too_late = service.work.options(not_after=datetime.now(UTC) - timedelta(minutes=1))

    with pytest.raises(DeadlineExceeded):
        await (await too_late.submit(name="late"))


async def test_a_time_without_a_zone_is_refused(service):
    with pytest.raises(ValueError, match="not_after needs a time zone"):
        await service.echo.options(not_after=datetime(2030, 1, 1)).submit(text="a")  # noqa: DTZ001 - what is refused


async def test_a_job_carries_who_asks(shared_server):
    async with connect(shared_server.url, authorization="Bearer abc") as bus:
        carried = await (await bus.service(Probe).carried.submit())

    assert carried.authorization == "Bearer abc"
