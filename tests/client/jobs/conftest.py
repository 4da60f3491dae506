"""Jobs as the Python client submits and follows them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from scibus.bus.stored import api
from scibus.bus.topology import job_consumers, job_stream, schedule_stream, shared_streams
from scibus.client import Bus, JobStatus, SubmittedJob, connect
from scibus.sandbox import NatsServer
from tests.conftest import SpawnWorker, spawning
from tests.processes import TAKEN_OVER, WorkerProcess
from tests.runtime.probe import Probe
from tests.waiting import until

SpawnProbe = Callable[..., Awaitable[WorkerProcess]]


class Diary:
    """What the probe's handlers wrote down."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def lines(self, job_id: str = "") -> list[str]:
        """The lines of one job, or all."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith(job_id)]

    async def tells(self, line: str) -> None:
        """Wait until a handler has written `line`."""

        async def there() -> bool:
            return line in self.lines()

        await until(there)


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


@pytest.fixture
def spawn_probe(spawn_worker: SpawnWorker, diary: Diary) -> SpawnProbe:
    """A probe whose jobs go to another worker some seconds after it died."""

    async def spawn(**settings: str) -> WorkerProcess:
        return await spawn_worker("probe", SCIBUS_PROBE_DIARY=str(diary.path), **TAKEN_OVER, **settings)

    return spawn


@pytest.fixture
async def worker(bus: Bus, spawn_probe: SpawnProbe) -> WorkerProcess:
    return await spawn_probe()


@pytest.fixture
def service(bus: Bus) -> Probe:
    """The probe as a caller has it; whether a worker is there is another matter."""
    return bus.service(Probe)


@pytest.fixture
async def queue(bus: Bus) -> None:
    """The streams of the probe, its queue as small as may be, and nobody who takes a job out of it."""
    for stream in [*shared_streams(), schedule_stream(Probe), job_stream(Probe, 1024 * 1024)]:
        await api(bus.connection, f"STREAM.CREATE.{stream.name}", stream.config())
    for consumer in job_consumers(Probe, ack_wait=6):
        body = {"stream_name": consumer.stream, "config": consumer.config(), "action": "create"}
        await api(bus.connection, f"CONSUMER.CREATE.{consumer.stream}.{consumer.name}", body)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def shared_diary(shared_folder: Path) -> Diary:
    return Diary(shared_folder / "diary")


@pytest.fixture(scope="module")
async def shared_server(shared_folder: Path, shared_diary: Diary) -> AsyncIterator[NatsServer]:
    """A server and a probe for all tests of a module, where each has jobs of its own."""
    async with NatsServer() as server, AsyncExitStack() as stack:
        await spawning(stack, shared_folder, server)("probe", SCIBUS_PROBE_DIARY=str(shared_diary.path))
        yield server


@pytest.fixture(scope="module")
async def shared_bus(shared_server: NatsServer) -> AsyncIterator[Bus]:
    async with connect(shared_server.url, name="test") as bus:
        yield bus


async def all_of(job: SubmittedJob[Any]) -> list[JobStatus]:
    """The events of a job, to the final one."""
    return [status async for status in job.events()]
