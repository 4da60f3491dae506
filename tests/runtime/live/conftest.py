"""Workers that tick."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from scibus.client import Bus
from tests.conftest import SpawnWorker
from tests.processes import WorkerProcess
from tests.runtime.live.ticker import Dial
from tests.runtime.live.ticks import Ticks


@pytest.fixture
def dial(tmp_path: Path) -> Dial:
    return Dial(tmp_path)


@pytest.fixture
def ticks(bus: Bus, dial: Dial) -> Ticks:
    return Ticks(bus, dial)


@pytest.fixture
def spawn_ticker(spawn_worker: SpawnWorker, dial: Dial) -> Callable[..., Awaitable[WorkerProcess]]:
    async def spawn(**settings: str) -> WorkerProcess:
        return await spawn_worker("ticker", SCIBUS_TICKER_FILE=str(dial.file), **settings)

    return spawn
