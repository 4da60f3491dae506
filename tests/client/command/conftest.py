"""The command as a user has it, with the contracts of two more services installed."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from scibus.client import Bus, connect
from scibus.sandbox import NatsServer
from tests.client.command.commands import Command
from tests.client.command.inside import Inside, seen_by_this_process
from tests.client.command.installing import install
from tests.conftest import SpawnWorker, spawning
from tests.processes import TESTS, WorkerProcess
from tests.runtime.probe import Probe

CONTRACTS = {
    "probe": "tests.runtime.probe:Probe",
    "shapes": "tests.client.command.shapes:Shapes",
    "broken": "tests.client.command.nowhere:Broken",
}


@dataclass(frozen=True)
class Desk:
    """The command at a bus with a worker of the probe; all tests of a page share it, and name their jobs apart."""

    bus: Bus
    scibus: Inside
    process: Command
    """The command as a process of its own."""
    stranger: Command
    """The same of somebody who has not installed the probe's contracts."""

    @property
    def probe(self) -> Probe:
        return self.bus.service(Probe)


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    install(folder / "installed", "scibus-tests", {"scibus.contracts": {"probe": CONTRACTS["probe"]}})
    python_path = os.pathsep.join([str(folder / "installed"), str(TESTS.parent)])
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(NatsServer())
        await spawning(stack, folder, server)("probe")
        bus = await stack.enter_async_context(connect(server.url, name="test"))
        stack.enter_context(seen_by_this_process(folder / "installed"))
        reach = {**os.environ, "SCIBUS_NATS_URL": server.url}
        yield Desk(bus, Inside(server.url), Command({**reach, "PYTHONPATH": python_path}), Command(reach))


@pytest.fixture
def python_path(tmp_path: Path) -> str:
    """Where the distribution lies that names the tests' own services."""
    folder = tmp_path / "installed"
    install(folder, "scibus-tests", {"scibus.contracts": CONTRACTS})
    return os.pathsep.join([str(folder), str(TESTS.parent)])


@pytest.fixture
def scibus(python_path: str, nats_server: NatsServer) -> Command:
    return Command({**os.environ, "PYTHONPATH": python_path, "SCIBUS_NATS_URL": nats_server.url})


@pytest.fixture
async def shapes(spawn_worker: SpawnWorker) -> WorkerProcess:
    """The worker of `shapes.py`."""
    return await spawn_worker("shapes")
