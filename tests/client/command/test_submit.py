"""`scibus submit`: jobs, now and by a schedule."""

import pytest

from tests.client.command.conftest import Desk


async def test_a_job_is_told_by_its_reference_alone_and_its_result_is_found_by_that(desk: Desk) -> None:
    submitted = await desk.scibus("submit", "probe", "echo", "--text", "hello")
    result = await desk.scibus("result", submitted.text.strip())

    assert (submitted.code, submitted.err) == (0, "")
    assert submitted.text.startswith("probe.echo.seq-")
    assert len(submitted.text.splitlines()) == 1
    assert (result.code, result.json) == (0, {"text": "hello"})


async def test_as_json_a_submission_tells_the_parts_and_the_subject(desk: Desk) -> None:
    result = await desk.scibus("submit", "probe", "echo", "--text", "a", "--id", "parts", "-o", "json")

    assert result.json == {
        "service": "probe",
        "operation": "echo",
        "job_id": "parts",
        "subject": "scibus.v1.job.probe.echo.parts",
    }


async def test_the_same_id_is_the_same_job_and_another_request_under_it_is_refused(desk: Desk) -> None:
    first = await desk.scibus("submit", "probe", "echo", "--text", "a", "--id", "mine")
    again = await desk.scibus("submit", "probe", "echo", "--text", "a", "--id", "mine")
    other = await desk.scibus("submit", "probe", "echo", "--text", "b", "--id", "mine")

    assert (first.text, again.text) == ("probe.echo.mine\n", "probe.echo.mine\n")
    assert (other.code, other.out) == (1, b"")
    assert "(conflict)" in other.err


async def test_who_follows_sees_how_it_goes_and_gets_what_a_call_would_give(desk: Desk) -> None:
    steps = '{"steps": ["progress:first"], "name": "done"}'
    work = await desk.process("submit", "probe", "work", "--json", "-", "--follow", stdin=steps)
    table = await desk.scibus("submit", "probe", "numbers", "--count", "2", "--follow", "-o", "csv")
    called = await desk.scibus("call", "probe", "numbers", "--count", "2", "-o", "csv")

    assert (work.code, work.json) == (0, {"text": "done in attempt 1"})
    assert work.err.startswith("submitted probe.work.seq-")
    assert " succeeded" in work.err.splitlines()[-1]
    assert table.out == called.out == b"n\n0\n1\n"


async def test_a_job_that_fails_while_it_is_followed_tells_its_problem(desk: Desk) -> None:
    result = await desk.scibus("submit", "probe", "work", "--steps", "missing", "--follow")

    assert (result.code, result.out) == (1, b"")
    assert "Not found (not-found)" in result.err


async def test_a_job_that_comes_too_late_does_not_start(desk: Desk) -> None:
    result = await desk.scibus("submit", "probe", "echo", "--text", "a", "--not-after", "2020-01-01", "--follow")

    assert result.code == 1
    assert "(deadline)" in result.err


async def test_what_is_only_a_job_says_so_when_it_is_called(desk: Desk) -> None:
    called = await desk.scibus("call", "probe", "work", "--steps", "note:a")
    calls = await desk.scibus("call", "probe", "--help")
    unknown = await desk.scibus("call", "probe", "nosuch")
    jobs = await desk.scibus("submit", "probe", "--help")

    assert (called.code, called.out) == (2, b"")
    assert "`scibus submit probe work`" in called.err
    assert "Do what the steps say" not in calls.text
    assert "known are echo, repeat, wait, fail, carried, numbers" in unknown.err
    assert "Do what the steps say" in jobs.text
    assert "Say it again" in jobs.text


async def test_help_tells_the_subject_and_whose_time_is_meant(desk: Desk) -> None:
    result = await desk.scibus("submit", "probe", "work", "--help")

    assert "scibus.v1.job.probe.work" in result.text
    assert "without a zone it is your local time" in result.text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--id", "seq-1"], "ids that begin with seq-"),
        (["--id", "a.b"], "cannot be an id"),
        (["--every", "1h"], "add --id"),
        (["--every", "1h", "--cron", "@daily", "--id", "x"], "there can be one"),
        (["--every", "1h", "--id", "x", "--follow"], "submitted now"),
        (["--every", "1 hour", "--id", "x"], "write 90s, 15m, 6h, 2d"),
        (["--every", "0s", "--id", "x"], "out of range"),
        (["--at", "tomorrow", "--id", "x"], "is no time"),
    ],
)
async def test_options_that_cannot_be_meant_are_wrong_usage(desk: Desk, options: list[str], told: str) -> None:
    result = await desk.scibus("submit", "drms", "rs_summary", "--ds", "x", *options)

    assert (result.code, result.out) == (2, b"")
    assert told in result.err


async def test_a_service_that_has_never_been_on_the_bus_takes_no_jobs(desk: Desk) -> None:
    result = await desk.scibus("submit", "drms", "rs_summary", "--ds", "hmi.m_45s[]")

    assert (result.code, result.out) == (3, b"")
    assert "(backend-unavailable)" in result.err
    assert "no worker serves drms.rs_summary: start one" in result.err


async def test_a_region_that_is_none_is_refused_with_one_line_and_nothing_is_sent(desk: Desk) -> None:
    order = ("submit", "modos", "stream", "--modo", "ex", "--file", "demo1.bam", "--regions", "chr2", "--regions")
    turned = await desk.scibus(*order, "chr1:2000-1000")
    joined = await desk.scibus(*order, "chr1:1-5,chr2:3-4")

    assert (turned.code, joined.code) == (2, 2)
    assert "--regions (1): end (1000) lies before start (2000)" in turned.err
    assert "valid string" not in turned.err
    assert "--regions (1): this is no region: write chr1, chr1:1000-2000" in joined.err
