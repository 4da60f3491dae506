"""`scibus tail`: a dataset in the shell."""

import json

import pytest

from tests import standing
from tests.client.command.inside import Inside

nats_server, bus, mdb, autobahn = standing.nats_server, standing.bus, standing.mdb, standing.autobahn
folder, spawn_worker = standing.folder, standing.spawn_worker


@pytest.fixture
def tail(autobahn, nats_server):
    """`await tail("weather", "--limit", "3")`."""
    return lambda *words: Inside(nats_server.url)("tail", "autobahn", *words)


async def test_it_shows_what_there_is_and_ends_when_nothing_comes(tail):
    told = await tail("weather", "--quiet", "0.5")

    lines = told.out.decode().splitlines()
    assert (told.code, told.err, len(lines)) == (0, "", 100)
    assert lines[-1].startswith("100  20")
    assert '{"time": "2026-01-01T16:30:00Z", "temperature_C": 16.5' in lines[-1]


async def test_it_follows_what_comes_until_it_has_enough(tail):
    told = await tail("solar-wind", "--follow", "--limit", "2", "--output", "json")

    first, second = map(json.loads, told.out.decode().splitlines())
    assert told.code == 0
    assert second["sequence"] == first["sequence"] + 1 > 601
    assert (first["dataset"], first["encoding"], first["gap"]) == ("solar-wind", "utf-8", None)


async def test_it_begins_where_it_is_told(tail):
    told = await tail("weather", "--from", "99", "--limit", "1", "--output", "raw")

    assert json.loads(told.out)["time"] == "2026-01-01T16:20:00Z"


async def test_it_goes_on_where_a_name_stopped(tail):
    first = await tail("weather", "--reader", "shell", "--limit", "2")
    second = await tail("weather", "--reader", "shell", "--limit", "1")

    assert first.out.decode().split()[0] == "1"
    assert second.out.decode().split()[0] == "3"


async def test_bytes_that_are_no_text_come_as_base64(tail, mdb):
    await mdb.add_dataset("binary", ["alice"])
    await mdb.publish("binary", [b"\xff\x00"])

    told = await tail("binary", "--limit", "1", "--output", "json")

    message = json.loads(told.out)
    assert (message["encoding"], message["data"]) == ("base64", "/wA=")


async def test_what_a_source_sends_does_not_steer_the_terminal(tail, mdb):
    await mdb.add_dataset("steering", ["alice"])
    await mdb.publish("steering", [b"\x1b[2J"])

    told = await tail("steering", "--limit", "1")

    assert told.out.decode().rstrip().endswith("\\x1b[2J")


async def test_a_dataset_that_is_not_there_is_told(tail):
    told = await tail("wether")

    assert (told.code, told.out) == (1, b"")
    assert "the MDB has no dataset 'wether'" in told.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("weather", "--from", "yesterday"), "is no place: write begin, now, a sequence number, or a time"),
        (("weather", "--from", "now"), "add --follow"),
    ],
)
async def test_a_place_that_is_none_is_wrong_usage(tail, words, told):
    result = await tail(*words)

    assert (result.code, result.out) == (2, b"")
    assert told in " ".join(result.err.replace("│", " ").split())


async def test_a_service_without_live_data_is_wrong_usage(autobahn, nats_server):
    told = await Inside(nats_server.url)("tail", "drms", "weather")

    assert told.code == 2
    assert "drms has no live data" in told.err
