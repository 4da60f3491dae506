"""One mover of a kind for all tests of a page whose tests leave it as they found it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import standing
from tests.conftest import SpawnWorker
from tests.modos.transfer.conftest import BUCKET, Folder
from tests.processes import WorkerProcess
from tests.s3 import BreakableWay, S3Server

nats_server, bus, folder, spawn_worker = standing.nats_server, standing.bus, standing.folder, standing.spawn_worker

__all__ = ["bus", "folder", "local_bucket", "mover", "nats_server", "spawn_worker", "way"]


@pytest.fixture(scope="module")
async def way(s3_server: S3Server) -> AsyncIterator[BreakableWay]:
    async with BreakableWay(s3_server) as way:
        yield way


@pytest.fixture(scope="module")
async def mover(spawn_worker: SpawnWorker, way: BreakableWay, folder: Path) -> WorkerProcess:
    return await spawn_worker("mover", SCIBUS_MOVER_STORE=way.url, SCIBUS_MOVER_FOLDER=str(folder / "store"))


@pytest.fixture
def local_bucket(folder: Path) -> Folder:
    """With nothing in it."""
    return Folder.empty(folder / "store" / BUCKET)
