"""Dead letters: listed, read and submitted again."""

import asyncio
import time
from datetime import timedelta

import pytest

from scibus.bus.headers import kept_headers
from scibus.bus.stored import last_message
from scibus.client import JobRef, connect
from scibus.contracts.problems import Conflict, InvalidRequest, NotFound
from tests.waiting import until


async def test_a_job_that_cannot_be_done_leaves_a_letter_and_can_be_replayed(bus, service, worker):
    headers = {"Authorization": "Bearer secret", "Scibus-Not-After": "2035-01-01T00:00:00Z"}
    await bus.connection.jetstream().publish("scibus.v1.job.probe.echo.bad", b'{"text":7}', headers=headers)
    with pytest.raises(InvalidRequest):
        await service.echo.job("bad").result(20)

    [listed] = await bus.dead_letters()
    letter = await bus.dead_letter(listed.ref)
    new = await bus.replay(listed.ref)
    with pytest.raises(InvalidRequest):
        await service.echo.job(new.job_id).result(20)

    assert (listed.ref, listed.problem, listed.attempt) == (JobRef("probe", "echo", "bad"), "invalid-request", 0)
    assert letter.body == b'{"text":7}'
    assert letter.headers["Scibus-Source-Scibus-Not-After"] == "2035-01-01T00:00:00Z"
    assert "secret" not in str(letter.headers)
    assert new.job_id.startswith("bad-")
    assert (await service.echo.job(new.job_id).status()).replay_of == "bad"
    assert [letter.ref for letter in await bus.dead_letters()] == [new, listed.ref]


async def test_dead_letters_are_listed_newest_first(bus, queue):
    first, second = await buried(bus, "first"), await buried(bus, "second")
    third = await buried(bus, "third")

    listed = await bus.dead_letters()

    assert [letter.ref for letter in listed] == [third, second, first]
    assert {(letter.problem, letter.attempt) for letter in listed} == {("internal", 3)}
    assert listed[0].died_at > listed[1].died_at
    assert [letter.ref for letter in await bus.dead_letters(limit=1)] == [third]
    assert len(await bus.dead_letters("probe", "echo")) == 3
    assert await bus.dead_letters("probe", "work") == []
    assert await bus.dead_letters("drms") == []


async def test_letters_of_long_ago_are_left_out(bus, queue):
    await buried(bus, "old")

    async def only_the_newest_is_young():
        # Again, should a second pass between the two.
        await asyncio.sleep(1.2)
        newest = await buried(bus, f"new-{time.monotonic_ns()}")
        return [letter.ref for letter in await bus.dead_letters(since=timedelta(seconds=1))] == [newest]

    await until(only_the_newest_is_young, 40)


async def test_what_is_no_dead_letter_is_not_found(bus, queue):
    with pytest.raises(NotFound, match=r"no dead letter of probe\.echo\.nobody"):
        await bus.dead_letter(JobRef("probe", "echo", "nobody"))
    with pytest.raises(NotFound, match="no dead letter"):
        await bus.replay(JobRef("probe", "echo", "nobody"))


async def test_a_time_by_which_a_job_should_have_started_is_left_behind(bus, service, worker):
    new = await bus.replay(await buried(bus, "poor", Scibus_Source_Scibus_Not_After="2020-01-01T00:00:00Z"))

    assert (await service.echo.job(new.job_id).result(20)).text == "as it was"


async def test_a_replay_is_submitted_with_the_headers_of_the_old_job(bus, queue):
    old = await buried(
        bus, "traced", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Accept="application/json"
    )

    new = await bus.replay(old, "another")
    message = await last_message(bus.connection, "SCIBUS_JOBS_PROBE", "scibus.v1.job.probe.echo.another")

    assert new == JobRef("probe", "echo", "another")
    assert message.data == b'{"text":"as it was"}'
    assert message.headers["Scibus-Replay-Of"] == "traced"
    assert message.headers["Nats-Msg-Id"] == "probe.echo.another"
    assert message.headers["Accept"] == "application/json"
    assert message.headers["traceparent"] == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert "Scibus-Problem" not in message.headers
    assert "Authorization" not in message.headers


async def test_whoever_replays_a_job_is_who_asks_for_it(nats_server, queue):
    async with connect(nats_server.url, authorization="Bearer mine") as bus:
        await bus.replay(await buried(bus, "poor"), "another")
        message = await last_message(bus.connection, "SCIBUS_JOBS_PROBE", "scibus.v1.job.probe.echo.another")

    assert message.headers["Authorization"] == "Bearer mine"


async def test_a_job_with_an_id_of_the_bus_is_replayed_under_another(bus, service, queue):
    new = await bus.replay(await buried(bus, "seq-abc-17"))

    assert new.job_id.startswith("replay-seq-abc-17-")
    assert (await service.echo.job(new.job_id).status()).replay_of == "seq-abc-17"


async def test_a_job_is_not_replayed_under_its_own_id_nor_under_a_used_one(bus, service, queue):
    old = await buried(bus, "poor")
    await service.echo.submit_as("used", text="something else")

    with pytest.raises(Conflict, match="replay it under another id"):
        await bus.replay(old, "poor")
    with pytest.raises(Conflict, match="submitted before with another request"):
        await bus.replay(old, "used")
    with pytest.raises(ValueError, match="cannot be chosen"):
        await bus.replay(old, "seq-abc-1")


async def test_the_largest_job_that_can_be_submitted_can_be_replayed(bus, service, queue):
    text = "x" * (bus.connection.max_payload - 4096 - 120)
    await service.echo.submit_as("large", text=text)
    job = await last_message(bus.connection, "SCIBUS_JOBS_PROBE", "scibus.v1.job.probe.echo.large")
    await bus.connection.jetstream().purge_stream("SCIBUS_JOBS_PROBE")
    headers = {**kept_headers(job.headers), "Scibus-State": "failed", "Scibus-Attempt": "3"}
    await bus.connection.jetstream().publish("scibus.v1.dead.probe.echo.large", job.data, headers=headers)

    new = await bus.replay(JobRef("probe", "echo", "large"))

    assert (await service.echo.job(new.job_id).status()).replay_of == "large"


async def buried(bus, job_id, **headers):
    """A dead letter as a worker leaves it."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    told |= {"Scibus-State": "failed", "Scibus-Attempt": "3", "Scibus-Problem": "internal", "Scibus-Job-Id": job_id}
    subject = f"scibus.v1.dead.probe.echo.{job_id}"
    await bus.connection.jetstream().publish(subject, b'{"text":"as it was"}', headers=told)
    return JobRef("probe", "echo", job_id)
