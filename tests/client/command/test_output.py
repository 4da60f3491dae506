"""Forms of a result and the places it goes to."""

import csv
import io
import json
import os
import stat
from pathlib import Path

import pyarrow as pa

from tests import standing
from tests.client.command import inside
from tests.client.command.commands import Command
from tests.client.command.installing import without
from tests.processes import WorkerProcess

nats_server, bus, folder = standing.nats_server, standing.bus, standing.folder
spawn_worker, probe, shapes = standing.spawn_worker, standing.probe, standing.shapes
scibus = inside.scibus

MANY = 10_000


async def test_a_terminal_gets_a_table_and_a_pipe_gets_json(scibus: Command, probe: WorkerProcess) -> None:
    seen = await Command(scibus.environment).on_terminal("call", "probe", "echo", "--text", "hello")
    piped = await scibus("call", "probe", "echo", "--text", "hello")

    assert [line.strip() for line in seen.text.splitlines()] == ["text", "─────", "hello"]
    assert piped.json == {"text": "hello"}


async def test_a_table_of_numbers_is_aligned_to_the_right(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "numbers", "--count", "11", "-o", "table")

    assert result.text.splitlines()[0] == "n".rjust(2)
    assert result.text.splitlines()[2] == "0".rjust(2)
    assert result.text.splitlines()[-1] == "10"


async def test_a_table_without_rows_still_has_its_columns(scibus: Command, probe: WorkerProcess) -> None:
    table = await scibus("call", "probe", "numbers", "--count", "0", "-o", "table")
    comma = await scibus("call", "probe", "numbers", "--count", "0", "-o", "csv")

    assert table.text.splitlines()[0] == "n"
    assert comma.text == "n\n"


async def test_nothing_is_cut_in_a_table_that_is_no_terminals(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "repeat", "--count", "5000", "-o", "table", COLUMNS="40")

    assert result.text.splitlines()[-1] == "x" * 5000


async def test_a_terminal_folds_what_is_too_wide_and_loses_nothing(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus.on_terminal("call", "probe", "repeat", "--count", "500", columns=40)

    assert result.text.count("x") == 501  # one is in the heading
    assert max(map(len, result.text.splitlines())) <= 40


async def test_a_table_that_just_fits_a_terminal_is_not_folded(scibus: Command, probe: WorkerProcess) -> None:
    piped = await scibus("services", "--timeout", "30", "-o", "table")
    width = len(piped.text.splitlines()[1])

    seen = await scibus.on_terminal("services", "--timeout", "30", columns=width)

    assert seen.text == piped.text


async def test_text_in_a_table_cannot_steer_the_terminal(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "echo", "--text", "a\x1b[2J\nb[bold]c", "-o", "table")

    assert result.text.splitlines()[-1].strip() == "a\\x1b[2J\\nb[bold]c"


async def test_a_table_as_json_is_what_travels(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "numbers", "--count", str(MANY), "-o", "json")

    column = {"name": "n", "type": "int64", "units": None, "note": None, "values": list(range(MANY))}
    assert result.json == {"count": MANY, "index": None, "columns": [column]}


async def test_csv_has_a_header_and_every_row(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "numbers", "--count", str(MANY), "-o", "csv")

    assert result.text.splitlines() == ["n", *map(str, range(MANY))]


async def test_csv_quotes_what_needs_it_and_keeps_what_is_nested_as_json(
    scibus: Command, shapes: WorkerProcess
) -> None:
    result = await scibus("call", "shapes", "ask", "--text", 'a,"b"', "--filled", "-o", "csv")

    header, row = csv.reader(io.StringIO(result.text))
    assert header == ["body"]
    assert json.loads(row[0]) == {"text": 'a,"b"', "filled": True}


async def test_arrow_is_a_stream_of_the_typed_table(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "numbers", "--count", str(MANY), "-o", "arrow")

    table = pa.ipc.open_stream(result.out).read_all()
    assert table.schema == pa.schema([("n", pa.int64())])
    assert table.column("n").to_pylist() == list(range(MANY))


async def test_arrow_is_made_of_rows_where_the_answer_is_no_table(scibus: Command, probe: WorkerProcess) -> None:
    result = await scibus("call", "probe", "echo", "--text", "a", "-o", "arrow")

    assert pa.ipc.open_stream(result.out).read_all().to_pylist() == [{"text": "a"}]


async def test_arrow_is_not_written_to_a_terminal(scibus: Command) -> None:
    result = await scibus.on_terminal("call", "probe", "echo", "--text", "a", "-o", "arrow", columns=200)

    assert result.code == 2
    assert "--to FILE" in result.text


async def test_without_pyarrow_tables_come_as_json_and_arrow_is_explained(
    scibus: Command, probe: WorkerProcess, tmp_path: Path
) -> None:
    without(tmp_path / "installed", "pyarrow")
    question = ("call", "probe", "numbers", "--count", "4")

    table = await scibus.apart(*question, "-o", "csv")
    arrow = await scibus.apart(*question, "-o", "arrow")

    assert table.text == "n\n0\n1\n2\n3\n"
    assert (arrow.code, arrow.out) == (2, b"")
    assert "pip install 'scibus[table]'" in arrow.err


async def test_a_file_is_written_in_the_form_of_its_ending(
    scibus: Command, probe: WorkerProcess, tmp_path: Path
) -> None:
    result = await scibus("call", "probe", "numbers", "--count", "2", "--to", f"{tmp_path}/n.csv")

    assert (result.code, result.out) == (0, b"")
    assert (tmp_path / "n.csv").read_text() == "n\n0\n1\n"


async def test_a_form_that_was_asked_for_goes_before_the_ending(
    scibus: Command, probe: WorkerProcess, tmp_path: Path
) -> None:
    await scibus("call", "probe", "echo", "--text", "a", "--to", f"{tmp_path}/n.csv", "-o", "json")

    assert json.loads((tmp_path / "n.csv").read_text()) == {"text": "a"}


async def test_a_file_is_as_readable_as_any_other(scibus: Command, probe: WorkerProcess, tmp_path: Path) -> None:
    (tmp_path / "other").touch()

    await scibus("call", "probe", "echo", "--text", "a", "--to", f"{tmp_path}/n.json")

    assert stat.S_IMODE((tmp_path / "n.json").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


async def test_a_problem_leaves_the_file_of_last_time_alone(
    scibus: Command, probe: WorkerProcess, tmp_path: Path
) -> None:
    (tmp_path / "n.json").write_text("last time")

    result = await scibus("call", "probe", "fail", "--text", "not-found", "--to", f"{tmp_path}/n.json")

    assert result.code == 1
    assert (tmp_path / "n.json").read_text() == "last time"


async def test_a_pipe_is_written_to_and_not_replaced(scibus: Command, probe: WorkerProcess, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    await scibus("call", "probe", "echo", "--text", "a", "--to", f"{tmp_path}/pipe")
    written = os.read(reader, 4096)
    os.close(reader)

    assert json.loads(written) == {"text": "a"}
    assert (tmp_path / "pipe").is_fifo()


async def test_a_folder_that_is_missing_is_told_before_anything_is_asked(scibus: Command) -> None:
    result = await scibus("call", "probe", "echo", "--text", "a", "--to", "nosuch/file.json")

    assert result.code == 2
    assert "there is no folder nosuch" in result.err
