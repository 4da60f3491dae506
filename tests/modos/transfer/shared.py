"""One mover of a kind for all tests of a page whose tests leave it as they found it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import standing
from tests.conftest import SpawnWorker
from tests.modos.ground import WatchedWay
from tests.modos.transfer.conftest import BUCKET, Folder
from tests.processes import WorkerProcess
from tests.s3 import S3Server

nats_server, bus, folder, spawn_worker = standing.nats_server, standing.bus, standing.folder, standing.spawn_worker

__all__ = ["bus", "folder", "local_bucket", "mover", "nats_server", "spawn_worker", "way", "way_is_good"]


@pytest.fixture(scope="module")
async def way(s3_server: S3Server) -> AsyncIterator[WatchedWay]:
    async with WatchedWay(s3_server) as way:
        yield way


@pytest.fixture(autouse=True)
def way_is_good(way: WatchedWay) -> Iterator[None]:
    """After each test everything passes."""
    yield
    way.spring_all()
    way.breaks, way.away = 0, False


@pytest.fixture(scope="module")
async def mover(spawn_worker: SpawnWorker, way: WatchedWay, folder: Path) -> WorkerProcess:
    return await spawn_worker("mover", SCIBUS_MOVER_STORE=way.url, SCIBUS_MOVER_FOLDER=str(folder / "store"))


@pytest.fixture
def local_bucket(folder: Path) -> Folder:
    """With nothing in it."""
    return Folder.empty(folder / "store" / BUCKET)
