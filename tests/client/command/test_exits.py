"""Exit codes, and what is said on standard error."""

import json
import signal

import pytest

from scibus.sandbox import NatsServer
from tests import standing
from tests.client.command import inside
from tests.client.command.commands import Command, ended_with
from tests.processes import WorkerProcess

nats_server, bus, folder = standing.nats_server, standing.bus, standing.folder
spawn_worker, probe, shapes = standing.spawn_worker, standing.probe, standing.shapes
scibus = inside.scibus


async def test_a_problem_is_told_as_text_and_ends_with_1(scibus: Command, shapes: WorkerProcess) -> None:
    result = await scibus("call", "shapes", "fail")

    assert (result.code, result.out) == (1, b"")
    assert "In maintenance (backend-unavailable)" in result.err
    assert "it is Tuesday" in result.err
    assert "day: choose another one" in result.err
    assert "jsoc said: 503 come back tomorrow" in result.err
    assert "in 60 s" in result.err


async def test_what_a_backend_says_cannot_steer_the_terminal(scibus: Command, shapes: WorkerProcess) -> None:
    result = await scibus("call", "shapes", "fail")

    assert "\x1b[2J" not in result.err
    assert "\\x1b[2J" in result.err


async def test_a_problem_comes_as_json_when_asked(scibus: Command, shapes: WorkerProcess) -> None:
    result = await scibus("call", "shapes", "fail", "--problem-json")
    before = await scibus("--problem-json", "call", "shapes", "fail")

    assert result.code == 1
    assert json.loads(result.err)["type"] == "urn:scibus:problem:backend-unavailable"
    assert json.loads(result.err)["errors"] == [{"field": "day", "message": "choose another one"}]
    assert json.loads(before.err) == json.loads(result.err)


async def test_a_deadline_that_the_worker_notices_is_a_problem(
    scibus: Command, probe: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, the worker's own answer is heard.
    monkeypatch.setattr("scibus.client.bus.SLACK", 30.0)
    result = await scibus("call", "probe", "wait", "--seconds", "30", "--timeout", "0.3")

    assert result.code == 1
    assert "deadline" in result.err


async def test_nats_out_of_reach_ends_with_3_and_hides_the_password(scibus: Command) -> None:
    result = await scibus("--url", "nats://jane:hunter2@127.0.0.1:1", "call", "probe", "echo", "--text", "a")

    assert result.code == 3
    assert "NATS is out of reach at 127.0.0.1:1" in result.err
    assert "hunter2" not in result.err


async def test_a_login_that_nats_refuses_is_no_matter_of_trying_again(scibus: Command) -> None:
    async with NatsServer(config="authorization { user: jane, password: right }") as server:
        url = server.url.replace("//", "//jane:hunter2@")
        result = await scibus("--url", url, "call", "probe", "echo", "--text", "a")

    assert result.code == 3
    assert "NATS refuses the login" in result.err
    assert "mend user, password, token or credentials" in result.err
    assert "again" not in result.err
    assert "scibus up" not in result.err
    assert "hunter2" not in result.err


async def test_a_reader_that_leaves_early_is_no_error_to_talk_about(scibus: Command, probe: WorkerProcess) -> None:
    process = await scibus.start("call", "probe", "numbers", "--count", "200000", "-o", "csv")
    assert process.stdout
    first = await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]

    result = await ended_with(process)

    assert first == b"n\n"
    assert (result.code, result.err) == (128 + signal.SIGPIPE, "")


async def test_an_unknown_service_is_wrong_usage_and_the_known_ones_are_told(scibus: Command) -> None:
    result = await scibus("call", "nosuch", "query")

    assert (result.code, result.out) == (2, b"")
    assert "there is no service 'nosuch': known are autobahn, broken, drms, modos, probe, shapes" in result.err


async def test_an_unknown_operation_is_wrong_usage_and_the_known_ones_are_told(scibus: Command) -> None:
    result = await scibus("call", "probe", "nosuch")

    assert result.code == 2
    assert "there is no operation 'nosuch': known are echo, repeat, wait, fail, carried, numbers" in result.err


async def test_an_unknown_option_is_wrong_usage(scibus: Command) -> None:
    result = await scibus("call", "probe", "echo", "--nosuch", "1")

    assert result.code == 2
    assert "--nosuch" in result.err


async def test_each_invalid_field_is_named_and_no_value_repeated(scibus: Command) -> None:
    body = '{"corner": {"x": "secret-one"}, "ratio": "secret-two"}'

    result = await scibus("call", "shapes", "ask", "--json", body, "--choice", "secret-three")

    assert (result.code, result.out) == (2, b"")
    assert "--corner (x): " in result.err
    assert "--ratio: " in result.err
    assert "--choice: " in result.err
    assert "secret" not in result.err


async def test_a_missing_field_is_named_as_its_option(scibus: Command) -> None:
    result = await scibus("call", "drms", "rs_summary")

    assert result.code == 2
    assert "--ds: Field required" in result.err


async def test_a_member_of_the_body_that_no_field_knows_is_wrong_usage(scibus: Command) -> None:
    result = await scibus("call", "shapes", "ask", "--json", '{"txet": "a"}')

    assert result.code == 2
    assert "there is no field txet" in result.err


async def test_json_that_is_none_is_wrong_usage(scibus: Command) -> None:
    whole = await scibus("call", "shapes", "ask", "--json", "[1, 2]")
    member = await scibus("call", "shapes", "ask", "--corner", "{")
    missing = await scibus("call", "shapes", "ask", "--json", "@nosuch.json")

    assert (whole.code, member.code, missing.code) == (2, 2, 2)
    assert "a JSON object" in whole.err
    assert "--corner" in member.err
    assert "nosuch.json" in missing.err


async def test_a_token_that_could_not_be_sent_is_refused_and_not_shown(scibus: Command) -> None:
    result = await scibus("call", "probe", "carried", SCIBUS_TOKEN="sec ret")

    assert result.code == 2
    assert "--token" in result.err
    assert "sec ret" not in result.err


async def test_a_setting_that_is_wrong_is_named(scibus: Command) -> None:
    result = await scibus("services", SCIBUS_NATS_CREDS="/nosuch/file")

    assert result.code == 2
    assert "SCIBUS_NATS_CREDS" in result.err


async def test_an_address_that_is_none_is_wrong_usage(scibus: Command) -> None:
    result = await scibus("services", "--url", "::::")

    assert result.code == 2
    assert "must be URLs as" in result.err
