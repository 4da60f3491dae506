"""Schedules: the server submits, later or again and again."""

from datetime import UTC, datetime, timedelta

import pytest

from scibus.bus.errors import NoAnswer
from scibus.bus.stored import last_message
from scibus.client import JobRef
from scibus.contracts import Service, request
from scibus.contracts.problems import InvalidRequest, NotFound, TooLarge
from tests.runtime.probe import Text
from tests.waiting import until

ONCE = JobRef("probe", "work", "once")
OFTEN = JobRef("probe", "work", "often")


async def test_a_job_is_submitted_at_its_time_and_the_schedule_is_gone(bus, service, worker):
    at = datetime.now(UTC) + timedelta(seconds=5)

    scheduled = await service.work.schedule("once", at, name="later")
    [listed] = await bus.schedules()
    waiting = await bus.jobs()
    await until(lambda: submitted(bus, 1), 40)
    job = service.work.job((await bus.jobs())[0].job_id)

    assert scheduled.when == listed.when == f"@at {at:%Y-%m-%dT%H:%M:%SZ}"
    assert (listed.service, listed.operation, listed.schedule_id, listed.paused) == (*ONCE, False)
    assert waiting == []
    assert (await job.result(40)).text == "later in attempt 1"
    assert job.job_id.startswith("seq-")
    assert await bus.schedules() == []


async def test_a_job_is_submitted_again_and_again_until_the_schedule_is_removed(bus, service, queue):
    scheduled = await service.work.schedule("often", timedelta(seconds=1), name="again")
    await until(lambda: submitted(bus, 2), 40)

    await bus.remove_schedule(OFTEN)

    assert scheduled.when == "@every 1s"
    assert await bus.schedules() == []
    with pytest.raises(NotFound, match=r"there is no schedule probe\.work\.often"):
        await bus.remove_schedule(OFTEN)


async def test_a_schedule_of_the_same_id_is_replaced(bus, service, queue):
    await service.work.schedule("often", "@daily", steps=[], name="old")
    await service.work.schedule("often", "0 30 6 * * *", steps=[], name="new")
    await service.echo.schedule("other", "@every 1h", text="a")

    listed = await bus.schedules("probe")

    assert [(schedule.operation, schedule.when) for schedule in listed] == [
        ("echo", "@every 1h"),
        ("work", "0 30 6 * * *"),
    ]
    assert (await stored(bus, OFTEN)).data == b'{"steps":[],"name":"new"}'


async def test_a_paused_schedule_is_kept_as_it_was_and_resumed(bus, service, queue):
    authorized = service.work.options(authorization="Bearer abc")
    await authorized.schedule("often", timedelta(seconds=1), name="tick")
    as_scheduled = await stored(bus, OFTEN)
    await until(lambda: submitted(bus, 1), 40)

    paused = await bus.pause_schedule(OFTEN)
    again = await bus.pause_schedule(OFTEN)
    listed = await bus.schedules()
    before = len(await bus.jobs())
    held = await stored(bus, OFTEN)
    resumed = await bus.resume_schedule(OFTEN)
    as_resumed = await stored(bus, OFTEN)
    await until(lambda: submitted(bus, before + 1), 40)

    assert [(schedule.paused, schedule.when) for schedule in [paused, again, *listed]] == [(True, "@every 1s")] * 3
    assert "Nats-Schedule" not in held.headers
    assert (resumed.paused, resumed.when) == (False, "@every 1s")
    assert as_resumed.data == as_scheduled.data
    assert meant(as_resumed.headers) == meant(as_scheduled.headers)


async def test_what_is_paused_submits_nothing(bus, service, queue):
    await service.work.schedule("once", datetime.now(UTC) + timedelta(seconds=4), name="never")
    await bus.pause_schedule(ONCE)
    # The other one is later: when it has fired, the first one would have.
    await service.echo.schedule("later", datetime.now(UTC) + timedelta(seconds=6), text="later")
    await until(lambda: submitted(bus, 1), 40)

    assert [status.operation for status in await bus.jobs()] == ["echo"]
    assert [(schedule.schedule_id, schedule.paused) for schedule in await bus.schedules()] == [("once", True)]


async def test_what_the_server_does_not_understand_is_explained(bus, service, queue):
    with pytest.raises(InvalidRequest, match=r"does not understand '@fortnightly': write @at"):
        await service.work.schedule("odd", "@fortnightly", name="a")
    assert await bus.schedules() == []


async def test_what_cannot_be_meant_is_refused(service, queue):
    with pytest.raises(ValueError, match="time zone"):
        await service.work.schedule("odd", datetime(2030, 1, 1), name="a")  # noqa: DTZ001 - what is refused
    with pytest.raises(ValueError, match="one second"):
        await service.work.schedule("odd", timedelta(milliseconds=5), name="a")
    with pytest.raises(ValueError, match="cannot be an id"):
        await service.work.schedule("o.d", "@daily", name="a")
    with pytest.raises(TooLarge):
        await service.work.schedule("odd", "@daily", name="x" * 1_100_000)


async def test_where_no_worker_has_been_nothing_is_scheduled(bus, service):
    with pytest.raises(NoAnswer, match=r"no worker serves probe\.work"):
        await service.work.schedule("odd", "@daily", name="a")
    with pytest.raises(NotFound, match="there is no schedule"):
        await bus.pause_schedule(ONCE)
    with pytest.raises(NotFound, match="there is no schedule"):
        await bus.resume_schedule(ONCE)
    with pytest.raises(NotFound, match="there is no schedule"):
        await bus.remove_schedule(ONCE)


async def test_what_no_worker_knows_yet_is_not_scheduled(bus, queue):
    newer = bus.service(
        type("Probe", (Service,), {"newer": request(Text, Text, summary="Comes with the next version")})
    )

    with pytest.raises(NoAnswer, match=r"no worker serves probe\.newer"):
        await newer.newer.schedule("odd", "@daily", text="a")
    assert await bus.schedules() == []


async def submitted(bus, count):
    """Whether that many jobs have come of schedules."""
    return len(await bus.jobs()) >= count


async def stored(bus, ref):
    return await last_message(bus.connection, "SCIBUS_SCHEDULES_PROBE", f"scibus.v1.schedule.{'.'.join(ref)}")


def meant(headers):
    """Without what was about storing it."""
    return {name: value for name, value in headers.items() if "Expected" not in name}
