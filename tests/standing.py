"""One server, one stand-in and one worker of a kind for all tests of a page that takes them from here.

Such a page begins with `nats_server, bus, probe = standing.nats_server, standing.bus, standing.probe`. Its tests leave
the worker as they found it, and start none of their own beside it: starting one takes longer than most tests.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from scibus.client import Bus, connect
from scibus.sandbox import NatsServer
from scibus.sandbox.jsoc import JsocStandIn
from scibus.sandbox.mdb import MdbStandIn
from scibus.sandbox.modos import ModosStandIn
from tests.conftest import SpawnWorker, spawning
from tests.processes import WorkerProcess
from tests.runtime.live.ticker import Dial
from tests.runtime.live.ticks import Ticks


@pytest.fixture(scope="module")
async def nats_server() -> AsyncIterator[NatsServer]:
    async with NatsServer() as server:
        yield server


@pytest.fixture(scope="module")
async def bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    async with connect(nats_server.url, name="test") as bus:
        yield bus


@pytest.fixture(scope="module")
async def jsoc() -> AsyncIterator[JsocStandIn]:
    async with JsocStandIn() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
async def mdb() -> AsyncIterator[MdbStandIn]:
    async with MdbStandIn() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
async def modos_stand_in() -> AsyncIterator[ModosStandIn]:
    async with ModosStandIn() as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def in_order(jsoc: JsocStandIn) -> Iterator[None]:
    """After each test the stand-in does what it should, and has forgotten what it was asked."""
    yield
    jsoc.faults.clear()
    jsoc.log.clear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standing")


@pytest.fixture(scope="module")
async def spawn_worker(nats_server: NatsServer, folder: Path) -> AsyncIterator[SpawnWorker]:
    async with AsyncExitStack() as stack:
        yield spawning(stack, folder, nats_server)


@pytest.fixture(scope="module")
async def probe(spawn_worker: SpawnWorker) -> WorkerProcess:
    return await spawn_worker("probe")


@pytest.fixture(scope="module")
async def drms(spawn_worker: SpawnWorker, jsoc: JsocStandIn) -> WorkerProcess:
    return await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_DOWNLOAD_URL=jsoc.download_url)


@pytest.fixture(scope="module")
async def autobahn(spawn_worker: SpawnWorker, mdb: MdbStandIn) -> WorkerProcess:
    return await spawn_worker("autobahn", **mdb.addresses()["settings"])


@pytest.fixture(scope="module")
async def modos(spawn_worker: SpawnWorker, modos_stand_in: ModosStandIn, folder: Path) -> WorkerProcess:
    return await spawn_worker(
        "modos", SCIBUS_MODOS_TOKEN_FILE=str(folder / "token.jwt"), **modos_stand_in.addresses()["settings"]
    )


@pytest.fixture(scope="module")
async def shapes(spawn_worker: SpawnWorker) -> WorkerProcess:
    return await spawn_worker("shapes")


@pytest.fixture(scope="module")
def dial(folder: Path) -> Dial:
    return Dial(folder)


@pytest.fixture(scope="module")
async def ticker(spawn_worker: SpawnWorker, dial: Dial) -> WorkerProcess:
    return await spawn_worker("ticker", SCIBUS_TICKER_FILE=str(dial.file), SCIBUS_TICKER_LARGE="2000000")


@pytest.fixture(scope="module")
def ticks(bus: Bus, dial: Dial, ticker: WorkerProcess) -> Ticks:
    return Ticks(bus, dial)
