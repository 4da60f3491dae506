"""Workers whose handlers a test can hold."""

from pathlib import Path

import pytest

from scibus.client import Bus
from tests.conftest import SpawnWorker
from tests.processes import WorkerProcess
from tests.runtime.gates import Gates


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    return Gates(tmp_path)


@pytest.fixture
async def probe(bus: Bus, spawn_worker: SpawnWorker, gates: Gates) -> WorkerProcess:
    return await spawn_worker("probe", **gates.settings)
