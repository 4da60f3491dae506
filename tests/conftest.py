"""Real parts for the tests: a nats-server, workers as processes, the stand-in for JSOC on a socket."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import hypothesis
import pytest

from scibus.client import Bus, connect
from scibus.sandbox import NatsServer
from scibus.sandbox.jsoc import JsocStandIn
from scibus.sandbox.mdb import MdbStandIn
from scibus.sandbox.modos import ModosStandIn
from tests.processes import WorkerProcess, start_worker

SpawnWorker = Callable[..., Awaitable[WorkerProcess]]

# On a busy machine an example may take long; where a change is judged, the examples are the same each time.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("judged", deadline=None, derandomize=True)
hypothesis.settings.load_profile("judged" if os.environ.get("CI") else "here")


def spawning(stack: AsyncExitStack, folder: Path, server: NatsServer) -> SpawnWorker:
    """Starts workers at `server`, which log into `folder` and end with `stack`."""

    async def spawn(service: str, *, ready: bool = True, **settings: str) -> WorkerProcess:
        settings.setdefault("SCIBUS_NATS_URL", server.url)
        process = await start_worker(service, folder, settings)
        stack.push_async_callback(process.stop)
        if ready:
            await process.logged("ready")
        return process

    return spawn


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting and no `.env` of whoever runs the tests reaches them."""
    for name in [name for name in os.environ if name.startswith("SCIBUS_") and name != "SCIBUS_JUDGES"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def nats_server() -> AsyncIterator[NatsServer]:
    async with NatsServer() as server:
        yield server


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    async with connect(nats_server.url, name="test") as bus:
        yield bus


@pytest.fixture
async def jsoc() -> AsyncIterator[JsocStandIn]:
    async with JsocStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def spawn_worker(nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[SpawnWorker]:
    """Start a worker and wait until it is ready: `await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=...)`."""
    async with AsyncExitStack() as stack:
        yield spawning(stack, tmp_path, nats_server)


@pytest.fixture
async def probe(bus: Bus, spawn_worker: SpawnWorker) -> WorkerProcess:
    return await spawn_worker("probe")


@pytest.fixture
async def drms(spawn_worker: SpawnWorker, jsoc: JsocStandIn) -> WorkerProcess:
    """The worker for JSOC, in front of the stand-in."""
    return await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_DOWNLOAD_URL=jsoc.download_url)


@pytest.fixture
async def mdb() -> AsyncIterator[MdbStandIn]:
    async with MdbStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def autobahn(spawn_worker: SpawnWorker, mdb: MdbStandIn) -> WorkerProcess:
    """The worker for the Mission Data Broker, in front of the stand-in."""
    return await spawn_worker("autobahn", **mdb.addresses()["settings"])


@pytest.fixture
async def modos_stand_in() -> AsyncIterator[ModosStandIn]:
    async with ModosStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def modos(spawn_worker: SpawnWorker, modos_stand_in: ModosStandIn, tmp_path: Path) -> WorkerProcess:
    """The worker for MODOS, in front of the stand-in."""
    return await spawn_worker(
        "modos", SCIBUS_MODOS_TOKEN_FILE=str(tmp_path / "token.jwt"), **modos_stand_in.addresses()["settings"]
    )
