"""The command as a user has it, with the contracts of two more services installed."""

import os
from pathlib import Path

import pytest

from scibus.sandbox import NatsServer
from tests.client.command.commands import Command
from tests.client.command.installing import install
from tests.conftest import SpawnWorker
from tests.processes import COMMANDS, TESTS, WorkerProcess

CONTRACTS = {
    "probe": "tests.runtime.probe:Probe",
    "shapes": "tests.client.command.shapes:Shapes",
    "broken": "tests.client.command.nowhere:Broken",
}


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
async def shapes(spawn_worker: SpawnWorker, monkeypatch: pytest.MonkeyPatch) -> WorkerProcess:
    """The worker of `shapes.py`."""
    monkeypatch.setitem(COMMANDS, "shapes", [str(Path(__file__).with_name("shapes.py"))])
    return await spawn_worker("shapes")
