"""`scibus asyncapi`."""

from pathlib import Path

from tests.client.command import inside
from tests.client.command.commands import Command

scibus = inside.scibus


async def test_all_installed_services_are_described_a_strangers_too_but_broken_ones(scibus: Command) -> None:
    result = await scibus("asyncapi")

    document = result.json
    assert "left out: the contracts of broken cannot be loaded" in result.err
    assert document["asyncapi"] == "3.0.0"
    assert {"drms.rs_list.request", "probe.echo.request"} <= document["operations"].keys()


async def test_only_what_is_named_is_described(scibus: Command) -> None:
    document = (await scibus("asyncapi", "drms")).json

    assert [tag["name"] for tag in document["info"]["tags"]] == ["drms"]


async def test_a_page_is_written_where_the_file_is_one(scibus: Command, tmp_path: Path) -> None:
    await scibus("asyncapi", "drms", "--to", str(tmp_path / "bus.html"))

    assert (tmp_path / "bus.html").read_text().startswith("<!doctype html>")


async def test_a_service_that_is_not_installed_is_wrong_usage(scibus: Command) -> None:
    result = await scibus("asyncapi", "nowhere")

    assert (result.code, result.out) == (2, b"")
    assert "no installed package has contracts of nowhere" in result.err
