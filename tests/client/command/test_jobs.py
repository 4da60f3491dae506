"""`scibus watch`, `status`, `result`, `cancel` and `jobs`: jobs known by their references."""

import csv
import io
import json
import re

from tests.client.command.commands import ended_with, interrupted
from tests.client.command.conftest import Desk
from tests.client.command.terminals import on_screen
from tests.waiting import until


async def test_a_status_tells_what_is_known_and_as_json_everything(desk: Desk) -> None:
    await desk.probe.work.submit_as("known", steps=["progress:half", "sleep:1.5", "missing"])
    await desk.scibus("watch", "probe.work.known")

    machine = await desk.scibus("status", "probe.work.known")
    person = await desk.scibus("status", "probe.work.known", "-o", "table")

    assert machine.json["state"] == "failed"
    assert machine.json["progress"]["done"] == 1
    assert re.search(r"probe\.work\.known +failed +1 +1/10 steps .* not-found +user <address> has", person.text)


async def test_what_names_no_job_is_wrong_usage_and_a_job_that_is_not_there_is_not_found(desk: Desk) -> None:
    wrong = await desk.scibus("status", "drms.export")
    missing = await desk.scibus("status", "probe.work.nosuch")
    watched = await desk.scibus("watch", "probe.work.nosuch")
    cancelled = await desk.scibus("cancel", "probe.work.nosuch")

    assert wrong.code == 2
    assert "write <service>.<operation>.<job id>" in wrong.err
    assert (missing.code, watched.code, cancelled.code) == (1, 1, 1)
    assert "there is no job probe.work.nosuch" in missing.err


async def test_a_result_that_is_not_there_in_time_ends_with_3_and_says_how_to_go_on(desk: Desk) -> None:
    await desk.probe.work.submit_as("long", steps=["sleep:60"])

    result = await desk.scibus("result", "probe.work.long", "--wait", "0.3")
    await desk.scibus("cancel", "probe.work.long")

    assert (result.code, result.out) == (3, b"")
    assert "`scibus watch probe.work.long` follows it" in result.err


async def test_a_result_can_be_read_without_the_contracts_of_its_service(desk: Desk) -> None:
    text = await desk.probe.echo.submit(text="as it is")
    table = await desk.probe.numbers.submit(count=2)

    read = await desk.stranger("result", str(text.ref))
    counted = await desk.stranger("result", str(table.ref), "-o", "csv")
    status = await desk.stranger("status", str(text.ref))

    assert read.json == {"text": "as it is"}
    assert counted.text == "n\n0\n1\n"
    assert status.json["state"] == "succeeded"


async def test_who_watches_sees_a_line_for_each_status(desk: Desk) -> None:
    job = await desk.probe.work.submit_as("seen", steps=["progress:here", "sleep:60"])

    async def has_progress() -> bool:
        return (await job.status()).progress is not None

    await until(has_progress)
    process = await desk.process.start("watch", "probe.work.seen")
    assert process.stderr
    first = (await process.stderr.readline()).decode()
    await job.cancel()

    result = await ended_with(process)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 running 1/10 steps here\n", first)
    assert " cancelled 1/10 steps\n" in result.err
    assert (result.code, result.out) == (1, b"")


async def test_a_program_that_watches_gets_a_status_a_line(desk: Desk) -> None:
    await desk.probe.work.submit_as("read", steps=["sleep:0.5", "missing"])

    result = await desk.scibus("watch", "probe.work.read", "-o", "json")

    states = [json.loads(line)["state"] for line in result.text.splitlines()]
    assert result.code == 1
    assert states[-1] == "failed"
    assert "Not found (not-found)" in result.err


async def test_a_terminal_shows_a_bar(desk: Desk) -> None:
    job = await desk.probe.work.submit_as("bar", steps=["progress:middle", "sleep:60"])

    async with on_screen(desk.process, "watch", "probe.work.bar") as screen:
        await screen.shows("1/10 steps middle")
        await job.cancel()
        await screen.shows("Cancelled (cancelled)")

        assert "━" in screen.text
        assert await screen.ended() == 1


async def test_who_stops_watching_stops_no_job(desk: Desk) -> None:
    job = await desk.probe.work.submit_as("on", steps=["sleep:60"])
    process = await desk.process.start("watch", "probe.work.on", "-o", "json")
    assert process.stdout
    await process.stdout.readline()

    result = await interrupted(process)

    assert result.code == 130
    assert "`scibus watch probe.work.on` follows it again" in result.err
    assert "Traceback" not in result.err
    assert not (await job.status()).cancel_requested
    await job.cancel()


async def test_a_cancelled_job_ends_so_for_whoever_asks(desk: Desk) -> None:
    await desk.probe.work.submit_as("unwanted", steps=["sleep:60"])

    cancelled = await desk.scibus("cancel", "probe.work.unwanted", "--wait")
    result = await desk.scibus("result", "probe.work.unwanted")
    watched = await desk.scibus("watch", "probe.work.unwanted")

    assert (cancelled.code, cancelled.json["state"]) == (0, "cancelled")
    assert (result.code, watched.code) == (1, 1)
    assert "(cancelled)" in result.err
    assert "(cancelled)" in watched.err


async def test_a_job_that_has_ended_cannot_be_cancelled_any_more(desk: Desk) -> None:
    job = await desk.probe.echo.submit(text="a")
    await job

    result = await desk.scibus("cancel", str(job.ref))

    assert (result.code, result.json["state"]) == (1, "succeeded")
    assert "was not cancelled: it has succeeded" in result.err


async def test_nobody_there_to_cancel_ends_with_3(desk: Desk) -> None:
    result = await desk.scibus("cancel", "nowhere.work.a")

    assert result.code == 3
    assert "no worker of nowhere" in result.err


async def test_jobs_are_listed_newest_first_by_service_operation_state_and_age(desk: Desk) -> None:
    await (await desk.probe.wait.submit_as("early", seconds=0))
    await (await desk.probe.wait.submit_as("late", seconds=0))

    listed = await desk.scibus("jobs", "--service", "probe", "--operation", "wait", "--state", "succeeded")
    failed = await desk.scibus("jobs", "--operation", "wait", "--state", "failed", "--state", "running")
    short = await desk.scibus("jobs", "--operation", "wait", "--since", "1h", "--limit", "1", "-o", "csv")
    table = await desk.scibus("jobs", "--operation", "wait", "-o", "table")

    assert [job["job_id"] for job in listed.json] == ["late", "early"]
    assert failed.json == []
    header, row = csv.reader(io.StringIO(short.text))
    assert header == ["job", "state", "attempt", "progress", "worker", "submitted", "updated", "problem"]
    assert row[:3] == ["probe.wait.late", "succeeded", "1"]
    assert re.match(r"probe\.wait\.late +succeeded +1 +probe-", table.text.splitlines()[2])


async def test_no_jobs_are_an_empty_list_with_the_same_columns(desk: Desk) -> None:
    machine = await desk.scibus("jobs", "--service", "nowhere")
    person = await desk.scibus("jobs", "--service", "nowhere", "-o", "table")
    wrong = await desk.scibus("jobs", "--state", "asleep")

    assert (machine.code, machine.json) == (0, [])
    assert person.text.split()[:3] == ["job", "state", "attempt"]
    assert wrong.code == 2
    assert "there are queued, running, waiting" in wrong.err
