"""`scibus get`: files from the bus."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scibus.client import Bus
from scibus.contracts import BlobRef
from tests import standing
from tests.client.command import inside
from tests.client.command.commands import Command
from tests.processes import WorkerProcess

nats_server, bus, folder = standing.nats_server, standing.bus, standing.folder
spawn_worker, probe, shapes = standing.spawn_worker, standing.probe, standing.shapes
scibus = inside.scibus

PIECE = b"many words\n" * 100_000
PIECES = 5


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(PIECES):
        yield PIECE


@pytest.fixture
async def kept(bus: Bus, shapes: WorkerProcess) -> BlobRef:
    """A blob of some megabytes; the worker is there for the bucket."""
    name = bus.blobs.new_name("shapes", "keep", "words.txt")
    return await bus.blobs.put(name, pieces(), media_type="text/plain", filename="words.txt")


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_a_blob_lands_under_its_own_name_in_the_current_folder(
    scibus: Command, kept: BlobRef, tmp_path: Path
) -> None:
    result = await scibus("get", kept.name)

    assert (result.code, result.out) == (0, b"")
    assert (tmp_path / "words.txt").read_bytes() == PIECE * PIECES
    assert kept.sha256 in result.err


async def test_a_reference_comes_as_json_from_a_file_or_standard_input(
    scibus: Command, kept: BlobRef, tmp_path: Path
) -> None:
    (tmp_path / "ref.json").write_text(kept.model_dump_json())

    given = await scibus("get", kept.model_dump_json(), "--to", "one")
    read = await scibus("get", "@ref.json", "--to", "two")
    piped = await scibus("get", "-", "--to", "three", stdin=kept.model_dump_json(indent=2))

    assert (given.code, read.code, piped.code) == (0, 0, 0)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "three").read_bytes() == PIECE * PIECES


async def test_what_an_operation_answers_can_be_fetched_as_it_is(
    scibus: Command, shapes: WorkerProcess, tmp_path: Path
) -> None:
    answer = await scibus("call", "shapes", "keep", "--text", "kept", "--filename", "kept.txt")

    await scibus("get", "-", stdin=answer.text)

    assert (tmp_path / "kept.txt").read_text() == "kept"


async def test_a_blob_can_be_piped_on(scibus: Command, kept: BlobRef) -> None:
    result = await scibus("get", kept.name, "--to", "-")

    assert (result.code, result.out, result.err) == (0, PIECE * PIECES, "")


async def test_a_file_that_is_there_is_kept_unless_forced(scibus: Command, kept: BlobRef, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("mine")

    refused = await scibus("get", kept.name)
    before = (tmp_path / "words.txt").read_text()
    forced = await scibus("get", kept.name, "--force")

    assert (refused.code, before) == (2, "mine")
    assert "--force" in refused.err
    assert forced.code == 0
    assert (tmp_path / "words.txt").stat().st_size == kept.size


async def test_a_folder_gets_the_file_under_its_own_name(scibus: Command, kept: BlobRef, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    await scibus("get", kept.name, "--to", "folder")

    assert (tmp_path / "folder" / "words.txt").stat().st_size == kept.size


@pytest.mark.parametrize("filename", ["../escaped.txt", "/tmp/escaped.txt"])
async def test_a_blob_cannot_choose_the_folder(scibus: Command, kept: BlobRef, tmp_path: Path, filename: str) -> None:
    result = await scibus("get", kept.model_copy(update={"filename": filename}).model_dump_json())

    assert result.code == 0
    assert (tmp_path / "escaped.txt").stat().st_size == kept.size


async def test_a_blob_without_a_usable_name_needs_one(scibus: Command, kept: BlobRef) -> None:
    result = await scibus("get", kept.model_copy(update={"filename": ".."}).model_dump_json())

    assert result.code == 2
    assert "the blob has no file name" in result.err


async def test_content_that_is_not_what_the_reference_says_leaves_no_file(
    scibus: Command, kept: BlobRef, tmp_path: Path
) -> None:
    there = names_in(tmp_path)

    result = await scibus("get", kept.model_copy(update={"sha256": "0" * 64}).model_dump_json())

    assert result.code == 1
    assert "is damaged" in result.err
    assert names_in(tmp_path) == there


async def test_a_blob_that_is_gone_is_a_problem(scibus: Command, shapes: WorkerProcess) -> None:
    result = await scibus("get", "no/such/blob")

    assert result.code == 1
    assert "there is no blob 'no/such/blob'" in result.err


async def test_a_reference_that_is_none_is_wrong_usage(scibus: Command) -> None:
    result = await scibus("get", json.dumps({"name": "a", "sha256": "secret"}))

    assert result.code == 2
    assert "bucket" in result.err
    assert "secret" not in result.err


async def test_a_terminal_sees_how_far_it_is(scibus: Command, kept: BlobRef) -> None:
    result = await scibus.on_terminal("get", kept.name, columns=200)

    assert result.code == 0
    assert "5.5/5.5 MB" in result.text
