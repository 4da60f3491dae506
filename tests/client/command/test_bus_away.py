"""What whoever follows a job is told while the bus is away."""

import asyncio
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from scibus.sandbox import NatsServer
from tests.client.command import inside
from tests.client.command.commands import Command, ended_with
from tests.conftest import SpawnWorker
from tests.runtime.gates import Gates

scibus = inside.scibus


@pytest.fixture
async def gates(tmp_path: Path, spawn_worker: SpawnWorker) -> Gates:
    """Gates at which jobs of a probe wait."""
    gates = Gates(tmp_path)
    await spawn_worker("probe", **gates.settings)
    return gates


async def seen(process: Process, words: str) -> str:
    """What `process` says on standard error, up to a line with `words`."""
    assert process.stderr
    told = ""
    while words not in told:
        line = (await process.stderr.readline()).decode()
        assert line, f"it ended without {words!r}: {told}"
        told += line
    return told


async def test_it_is_told_once_that_the_bus_is_away_and_once_that_it_is_back(
    scibus: Command, nats_server: NatsServer, gates: Gates
) -> None:
    order = ("--json", '{"steps": ["gate:bridge"], "name": "a"}', "--id", "over")
    process = await scibus.start("submit", "probe", "work", *order, "--follow")
    await gates.reached("bridge")
    told = await seen(process, " running")
    await nats_server.kill()
    told += await seen(process, "away")
    await nats_server.start()
    told += await seen(process, "back")
    gates.open("bridge")

    result = await ended_with(process)

    assert (result.code, result.json["text"][:12]) == (0, "a in attempt")
    assert (told + result.err).count("the bus is away: waiting 60 s for it") == 1
    assert (told + result.err).count("the bus is back") == 1


async def test_a_bus_that_stays_away_is_not_waited_for_without_end(
    scibus: Command, nats_server: NatsServer, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scibus.client.command.away.LONGEST_AWAY", 1.0)
    order = ("--json", '{"steps": ["gate:bridge"]}', "--id", "lost")
    submitting = asyncio.create_task(scibus("submit", "probe", "work", *order, "--follow"))
    await gates.reached("bridge")
    await nats_server.kill()

    async with asyncio.timeout(60):
        result = await submitting
    # So that the worker ends at once.
    await nats_server.start()
    gates.open("bridge")

    assert (result.code, result.out) == (3, b"")
    assert result.err.count("the bus is away: waiting 1 s for it") == 1
    assert "the bus has been away for 1 s" in result.err
    assert "`scibus watch probe.work.lost` follows it when the bus is back" in result.err
