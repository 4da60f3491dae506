"""Jobs that no worker takes: what a queue holds, and what it does not take."""

import asyncio
from datetime import UTC, datetime

import pytest

from scibus.bus.stored import api, last_message
from scibus.bus.topology import job_stream
from scibus.client import NoAnswer, connect
from scibus.contracts.problems import (
    Conflict,
    NotFound,
    Overloaded,
)
from scibus.sandbox import NatsServer
from tests.client.jobs.conftest import all_of
from tests.runtime.probe import Probe


async def test_the_same_id_for_a_queued_job_is_compared_with_what_lies_in_the_queue(service, queue):
    await service.work.submit_as("queued", name="a")
    await service.work.submit_as("queued", name="a")

    with pytest.raises(Conflict, match=r"probe\.work\.queued was submitted before with another request"):
        await service.work.submit_as("queued", name="b")
    assert (await service.work.job("queued").status()).state == "queued"


async def test_a_queued_job_is_not_queued_twice_outside_the_duplicate_window(bus, service, queue):
    stream = job_stream(Probe, 1024 * 1024)
    await api(bus.connection, f"STREAM.UPDATE.{stream.name}", {**stream.config(), "duplicate_window": 100_000_000})
    await service.work.submit_as("queued", name="a")
    await asyncio.sleep(0.3)

    await service.work.submit_as("queued", name="a")

    assert [queue.waiting for queue in await bus.queues() if queue.operation == "work"] == [1]
    with pytest.raises(Conflict):
        await service.work.submit_as("queued", name="b")


async def test_the_message_in_the_stream_is_what_the_protocol_says(bus, service, queue):
    await service.numbers.options(not_after=datetime(2030, 1, 1, tzinfo=UTC)).submit_as("table", count=3)

    message = await last_message(bus.connection, "SCIBUS_JOBS_PROBE", "scibus.v1.job.probe.numbers.table")

    assert message.data == b'{"count":3}'
    assert message.headers["Nats-Msg-Id"] == "probe.numbers.table"
    assert message.headers["Accept"] == "application/vnd.apache.arrow.stream"
    assert message.headers["Content-Type"] == "application/json"
    assert message.headers["Scibus-Not-After"] == "2030-01-01T00:00:00Z"


async def test_a_full_queue_takes_no_more_and_says_so(service, queue):
    impatient = service.work.options(wait_for_room=False)
    await impatient.submit(name="x" * 600_000)

    with pytest.raises(Overloaded, match="the queue of probe is full") as raised:
        await impatient.submit(name="x" * 600_000)
    assert raised.value.details.retryable
    with pytest.raises(Overloaded, match="the queue of probe is full"):
        await impatient.submit_as("mine", name="x" * 600_000)


async def test_a_job_waits_for_room_in_a_full_queue(service, queue, spawn_probe):
    await service.work.submit(name="x" * 600_000)

    waiting = asyncio.create_task(service.work.submit_as("waited", name="y" * 600_000))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await spawn_probe()

    assert (await (await waiting)).text.startswith("yyy")


async def test_a_queued_job_without_an_id_is_found_in_its_queue(service, queue):
    job = await service.echo.submit(text="a")

    status = await job.status()

    assert (status.state, status.job_id) == ("queued", job.job_id)
    assert status.submitted_at is not None


async def test_an_id_of_another_operation_or_of_nobody_is_not_found(service, queue):
    job = await service.echo.submit(text="a")

    with pytest.raises(NotFound, match="there is no job"):
        await service.wait.job(job.job_id).status()
    with pytest.raises(NotFound, match="there is no job"):
        await service.echo.job("seq-abc-1").status()
    with pytest.raises(NotFound, match="there is no job"):
        await service.echo.job("nobody").result(5)
    with pytest.raises(NotFound, match="there is no job"):
        await all_of(service.echo.job("nobody"))


async def test_a_result_that_does_not_come_in_time_is_a_timeout(service, queue):
    job = await service.echo.submit(text="a")

    with pytest.raises(TimeoutError, match=r"has no result after 0\.2 s"):
        await job.result(0.2)


async def test_without_a_worker_nobody_records_a_cancellation(service, queue):
    job = await service.work.submit(name="a")

    with pytest.raises(NoAnswer, match="no worker of probe"):
        await job.cancel()


async def test_while_the_server_is_away_a_submission_ends_in_time(nats_server, service, queue):
    await nats_server.kill()

    with pytest.raises(NoAnswer):
        await service.echo.options(timeout=0.4).submit_as("mine", text="hi")


async def test_without_jetstream_nobody_answers_for_jobs():
    async with NatsServer(jetstream=False) as server, connect(server.url) as bus:
        with pytest.raises(NoAnswer):
            await bus.service(Probe).echo.submit(text="hi")
        with pytest.raises(NoAnswer):
            await bus.service(Probe).echo.submit_as("mine", text="hi")
        with pytest.raises(NoAnswer):
            await bus.service(Probe).echo.job("mine").status()


async def test_a_closed_connection_is_not_waited_for(nats_server, queue, monkeypatch):
    monkeypatch.setattr("scibus.client.jobs.watching.SILENCE_SECONDS", 0.5)
    async with connect(nats_server.url) as bus:
        job = await bus.service(Probe).echo.submit(text="a")
        waiting = asyncio.create_task(job.result())
        watching = asyncio.create_task(all_of(job))
        await asyncio.sleep(0.3)

    with pytest.raises(NoAnswer):
        await asyncio.wait_for(waiting, 40)
    with pytest.raises(NoAnswer):
        await asyncio.wait_for(watching, 40)
