"""`scibus services` and `scibus version`."""

import platform
from importlib.metadata import version

from nats.micro import add_service
from nats.micro.request import Request

from scibus.client import Bus
from tests.client.command import inside
from tests.client.command.commands import Command
from tests.processes import WorkerProcess

scibus = inside.scibus


async def test_workers_are_listed_with_what_they_did(scibus: Command, probe: WorkerProcess) -> None:
    await scibus("call", "probe", "echo", "--text", "a")
    await scibus("call", "probe", "fail", "--text", "not-found")

    result = await scibus("services", "--timeout", "30", "-o", "csv")
    operations = await scibus("services", "--timeout", "30", "--operations", "-o", "table")
    machine = await scibus("services", "--timeout", "30")

    header, row = (line.split(",") for line in result.text.splitlines())
    assert header == ["service", "instance", "version", "operations", "requests", "errors", "mean_ms"]
    assert row[0] == "probe"
    assert row[1].startswith("probe-")
    assert row[3:6] == ["8", "2", "1"]
    assert float(row[6]) > 0
    # Operations are listed with their summaries, and JSON tells all that a worker tells.
    assert "Say it again" in operations.text
    assert len(operations.text.splitlines()) == 2 + 8
    [worker] = machine.json
    assert worker["description"] == "What the runtime does with any handler."
    assert worker["endpoints"][0]["subject"] == "scibus.v1.req.probe.echo"


async def test_a_service_that_was_not_made_with_scibus_is_listed_too(scibus: Command, bus: Bus) -> None:
    async def answer(request: Request) -> None:
        await request.respond(b"hello")

    stranger = await add_service(bus.connection, name="stranger", version="1.0.0")
    await stranger.add_endpoint(name="hello", handler=answer)

    result = await scibus("services", "--timeout", "30", "--operations", "-o", "csv")

    assert result.text.splitlines()[1].startswith("stranger,")


async def test_no_worker_at_all_ends_with_3(scibus: Command) -> None:
    result = await scibus("services", "--timeout", "0.3")

    assert (result.code, result.out) == (3, b"")
    assert "no worker is on the bus" in result.err


async def test_versions_come_as_text_and_as_json(scibus: Command) -> None:
    text = await scibus("version")
    machine = await scibus("version", "-o", "json")
    short = await scibus.apart("--version")

    told = {"client": version("scibus"), "protocol": "v1", "python": platform.python_version()}
    assert machine.json == told
    assert text.text == f"client {told['client']}\nprotocol v1\npython {told['python']}\n"
    assert short.text == text.text
