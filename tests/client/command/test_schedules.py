"""`scibus schedules`, and what `scibus submit` makes of a time."""

import csv
import io

from tests.client.command.conftest import Desk
from tests.waiting import until


async def test_a_schedule_is_made_listed_paused_resumed_and_removed(desk: Desk) -> None:
    made = await desk.scibus("submit", "probe", "echo", "--text", "a", "--every", "1h30m", "--id", "often")
    listed = await desk.scibus("schedules", "ls", "--service", "probe", "-o", "csv")
    paused = await desk.scibus("schedules", "pause", "probe.echo.often", "-o", "json")
    resumed = await desk.scibus("schedules", "resume", "probe.echo.often")
    removed = await desk.scibus("schedules", "rm", "probe.echo.often")
    gone = await desk.scibus("schedules", "rm", "probe.echo.often")
    none = await desk.scibus("schedules", "ls")

    assert made.text == resumed.text == "probe.echo.often\n"
    header, row = csv.reader(io.StringIO(listed.text))
    assert header == ["schedule", "when", "paused", "created"]
    assert row[:3] == ["probe.echo.often", "@every 5400s", "false"]
    assert (paused.json["paused"], paused.json["when"]) == (True, "@every 5400s")
    assert (removed.code, removed.out) == (0, b"")
    assert gone.code == 1
    assert "there is no schedule probe.echo.often" in gone.err
    assert none.json == []


async def test_a_time_without_a_zone_is_the_users_own(desk: Desk) -> None:
    local = await desk.process(
        *("submit", "probe", "echo", "--text", "a", "--id", "local", "--at", "2099-07-01T08:00", "-o", "json"),
        TZ="America/New_York",
    )
    told = await desk.scibus(
        "submit", "probe", "echo", "--text", "a", "--id", "told", "--at", "2099-07-01T08:00+02:00", "-o", "json"
    )
    await desk.scibus("schedules", "rm", "probe.echo.local")
    await desk.scibus("schedules", "rm", "probe.echo.told")

    assert local.json["when"] == "@at 2099-07-01T12:00:00Z"
    assert told.json["when"] == "@at 2099-07-01T06:00:00Z"


async def test_what_the_server_submits_is_a_job_as_any_other(desk: Desk) -> None:
    async def submitted() -> bool:
        return bool((await desk.scibus("jobs", "--operation", "carried", "--state", "succeeded")).json)

    await desk.scibus("submit", "probe", "carried", "--at", "2020-01-01", "--id", "now")
    await until(submitted)
    listed = await desk.scibus("jobs", "--operation", "carried")

    [job] = listed.json
    assert job["job_id"].startswith("seq-")


async def test_cron_fields_go_to_the_server_as_they_are(desk: Desk) -> None:
    daily = await desk.scibus("submit", "probe", "echo", "--text", "a", "--id", "daily", "--cron", "0 0 3 * * *")
    wrong = await desk.scibus("submit", "probe", "echo", "--text", "a", "--id", "wrong", "--cron", "soon")
    await desk.scibus("schedules", "rm", "probe.echo.daily")

    assert daily.text == "probe.echo.daily\n"
    assert (wrong.code, wrong.out) == (1, b"")
    assert "six cron fields" in wrong.err
