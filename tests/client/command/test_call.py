"""`scibus call`: what is asked, with which options."""

from pathlib import Path

import pytest

from tests import standing
from tests.client.command import inside
from tests.client.command.commands import Command
from tests.processes import WorkerProcess

nats_server, bus, folder = standing.nats_server, standing.bus, standing.folder
spawn_worker, probe, shapes = standing.spawn_worker, standing.probe, standing.shapes
scibus = inside.scibus


async def asked(scibus: Command, *options: str, stdin: str = "") -> object:
    """The body that arrives at the worker."""
    result = await scibus("call", "shapes", "ask", *options, stdin=stdin)
    return result.json["body"]


async def test_an_answer_comes_on_standard_output_and_nothing_else_does(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "echo", "--text", "hello")

    assert (result.code, result.json, result.err) == (0, {"text": "hello"}, "")


async def test_each_kind_of_field_takes_its_own_kind_of_value(scibus: Command, shapes: WorkerProcess) -> None:
    numbers = await asked(scibus, "--corner-count", "-3", "--ratio", "0.5", "--filled")
    texts = await asked(scibus, "--text", "a,b", "--choice", "square", "--no-filled", "--tags", "x,y", "--tags", "z")
    nested = await asked(scibus, "--corner", '{"x": 1}', "--sizes", '{"a": 2}')

    assert numbers == {"corner_count": -3, "ratio": 0.5, "filled": True}
    assert texts == {"text": "a,b", "choice": "square", "filled": False, "tags": ["x,y", "z"]}
    assert nested == {"corner": {"x": 1}, "sizes": {"a": 2}}


async def test_times_are_typed_as_they_are_written(scibus: Command, shapes: WorkerProcess) -> None:
    times = await asked(scibus, "--moment", "2026-01-01T00:10:00Z", "--day", "2026-01-01", "--hour", "00:10:00")

    assert times == {"moment": "2026-01-01T00:10:00Z", "day": "2026-01-01", "hour": "00:10:00"}


async def test_the_place_in_a_dataset_may_be_a_time_and_a_number_is_none(scibus: Command) -> None:
    taken = await scibus("call", "autobahn", "seek", "--id", "solar-wind", "--time", "2026-01-01T00:10:00Z")
    number = await scibus("call", "autobahn", "seek", "--id", "solar-wind", "--time", "2026")

    assert (taken.code, number.code) == (3, 2)
    assert "no worker serves autobahn.seek" in taken.err
    assert "--time: a time is text as 2026-01-01T00:10:00Z" in number.err


async def test_names_are_one_text_or_repeated(scibus: Command, shapes: WorkerProcess) -> None:
    assert await asked(scibus, "--names", "a,b") == {"names": "a,b"}
    assert await asked(scibus, "--names", "a,b", "--names", "c") == {"names": ["a", "b", "c"]}


async def test_a_field_of_text_or_truth_value_takes_both(scibus: Command, shapes: WorkerProcess) -> None:
    assert await asked(scibus, "--owner", "false") == {"owner": False}
    assert await asked(scibus, "--owner", "jane") == {"owner": "jane"}


async def test_dashes_and_underscores_are_the_same(scibus: Command, shapes: WorkerProcess) -> None:
    assert await asked(scibus, "--corner_count", "4") == {"corner_count": 4}


async def test_an_operation_may_be_written_with_dashes(scibus: Command) -> None:
    result = await scibus("call", "drms", "rs-list", "--help")

    assert result.code == 0
    assert "scibus.v1.req.drms.rs_list" in result.text


async def test_a_field_that_is_named_as_an_option_of_the_command_has_a_prefix(
    scibus: Command, shapes: WorkerProcess
) -> None:
    assert await asked(scibus, "--field-to", "there") == {"to": "there"}


async def test_what_was_not_given_is_not_sent(scibus: Command, shapes: WorkerProcess) -> None:
    assert await asked(scibus) == {}


async def test_a_whole_body_is_overridden_by_options(scibus: Command, shapes: WorkerProcess) -> None:
    assert await asked(scibus, "--json", '{"text": "a", "ratio": 1.0}', "--text", "b") == {"text": "b", "ratio": 1.0}


async def test_a_body_comes_from_standard_input_or_a_file(
    scibus: Command, shapes: WorkerProcess, tmp_path: Path
) -> None:
    (tmp_path / "body.json").write_text('{"text": "from a file"}')

    assert await asked(scibus, "--json", "-", stdin='{"text": "piped"}') == {"text": "piped"}
    assert await asked(scibus, "--json", f"@{tmp_path}/body.json") == {"text": "from a file"}


async def test_the_token_goes_along_as_a_bearer(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "carried", SCIBUS_TOKEN="secret")

    assert result.json["authorization"] == "Bearer secret"


async def test_options_for_the_connection_stand_before_or_after(scibus: Command, probe: WorkerProcess) -> None:
    before = await scibus("--timeout", "7", "call", "probe", "carried")
    after = await scibus("--timeout", "7", "call", "probe", "carried", "--timeout", "9")

    assert (before.json["timeout"], after.json["timeout"]) == (7.0, 9.0)


async def test_the_url_option_goes_before_the_environment(scibus: Command, probe: WorkerProcess) -> None:
    url = scibus.environment["SCIBUS_NATS_URL"]

    result = await scibus("--url", url, "call", "probe", "echo", "--text", "a", SCIBUS_NATS_URL="nats://127.0.0.1:1")

    assert result.json == {"text": "a"}


async def test_help_lists_services_with_what_they_are(scibus: Command) -> None:
    result = await scibus("call", "--help")

    assert result.code == 0
    assert "JSOC DRMS, the Stanford archive of HMI, AIA and MDI." in result.text
    assert "Shapes of [every] kind." in result.text


async def test_help_of_a_service_lists_operations_with_their_summaries(scibus: Command) -> None:
    result = await scibus("call", "drms", "--help")

    assert "rs_summary" in result.text
    assert "Count the records of a record set" in result.text


async def test_help_of_an_operation_tells_each_field_as_its_model_does(scibus: Command) -> None:
    result = await scibus("call", "shapes", "ask", "--help")

    assert "Some text." in result.text
    assert "Example: hmi.v_45s[bold][2013.07.03/3m]" in result.text
    assert "One of round, square." in result.text
    assert "Default: round" in result.text
    assert "A JSON object of x, y." in result.text


async def test_help_says_which_fields_are_required(scibus: Command) -> None:
    result = await scibus("call", "probe", "echo", "--help")

    assert "Required." in result.text


async def test_broken_contracts_of_one_package_leave_the_others_usable(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "--help")
    called = await scibus("call", "broken", "anything", "--at", "all")

    assert "probe" in result.text
    assert "the contracts of broken cannot be loaded" in result.text
    assert called.code == 2
    assert "nowhere" in called.err


@pytest.mark.parametrize("spelling", ["-h", "--help"])
async def test_help_is_there_at_every_level(scibus: Command, spelling: str) -> None:
    top = await scibus(spelling)
    middle = await scibus("call", spelling)

    assert (top.code, middle.code) == (0, 0)
    assert "Exit codes" in top.text
