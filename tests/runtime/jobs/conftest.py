"""Jobs as any NATS client sees them: submitted, followed and read with nothing but nats-py."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from scibus.bus.stored import StoredMessage, last_message
from scibus.client import Bus, connect
from scibus.sandbox import NatsServer
from tests.conftest import SpawnWorker, spawning
from tests.processes import WorkerProcess
from tests.runtime.gates import Gates
from tests.waiting import until


class Jobs:
    """The jobs of the probe."""

    def __init__(self, bus: Bus, diary: Path) -> None:
        self.bus = bus
        self.connection = bus.connection
        self.js = bus.connection.jetstream()
        self.diary = diary
        self.gates = Gates(diary.parent)

    async def submit(self, operation: str, body: Any, job_id: str | None = None, **headers: str) -> int:
        """Submit, as a client without our library would; the stream sequence."""
        subject = f"scibus.v1.job.probe.{operation}" + (f".{job_id}" if job_id else "")
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await self.js.publish(subject, data, headers=named or None)).seq

    async def work(self, job_id: str, *steps: str, **headers: str) -> int:
        """Submit a job of the steps."""
        return await self.submit("work", {"name": job_id, "steps": steps}, job_id, **headers)

    async def result(self, job_id: str, operation: str = "work") -> StoredMessage:
        """The result, when it is there."""
        found: list[StoredMessage] = []

        async def there() -> bool:
            message = await last_message(
                self.connection, "SCIBUS_RESULTS", f"scibus.v1.result.probe.{operation}.{job_id}"
            )
            found.extend([message] if message else [])
            return message is not None

        await until(there)
        return found[0]

    async def state(self, job_id: str, operation: str = "work") -> str:
        """How the job ended."""
        return (await self.result(job_id, operation)).headers["Scibus-State"]

    async def status(self, job_id: str, operation: str = "work") -> dict[str, Any]:
        """The status, as it is now."""
        message = await last_message(self.connection, "KV_scibus_jobs", f"$KV.scibus_jobs.probe.{operation}.{job_id}")
        return json.loads(message.data) if message else {"state": "none"}

    async def reaches(self, job_id: str, state: str, operation: str = "work") -> dict[str, Any]:
        """The status once the job is in `state`."""
        seen: dict[str, Any] = {}

        async def there() -> bool:
            seen.update(await self.status(job_id, operation))
            return bool(seen["state"] == state)

        await until(there)
        return seen

    async def dead(self, job_id: str, operation: str = "work") -> StoredMessage | None:
        """The dead letter."""
        return await last_message(self.connection, "SCIBUS_DEAD", f"scibus.v1.dead.probe.{operation}.{job_id}")

    async def left(self) -> int:
        """Jobs that are in the stream."""
        return (await self.js.stream_info("SCIBUS_JOBS_PROBE")).state.messages

    async def none_left(self) -> None:
        """Wait until no job is in the stream: the last acknowledgement follows the result."""

        async def gone() -> bool:
            return await self.left() == 0

        await until(gone)

    async def cancel(self, job_id: str, operation: str = "work") -> dict[str, Any]:
        """The answer to a request to cancel."""
        reply = await self.connection.request(f"scibus.v1.cancel.probe.{operation}.{job_id}", b"", timeout=30)
        return json.loads(reply.data)

    def noted(self, job_id: str = "") -> list[str]:
        """What the handlers wrote."""
        lines = self.diary.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith(f"{job_id} " if job_id else "")]

    async def notes(self, line: str) -> None:
        """Wait until a handler has written `line`."""

        async def there() -> bool:
            return line in self.noted()

        await until(there)


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    path = tmp_path / "diary"
    path.touch()
    return path


@pytest.fixture
def jobs(bus: Bus, diary: Path) -> Jobs:
    return Jobs(bus, diary)


@pytest.fixture
def spawn_probe(spawn_worker: SpawnWorker, diary: Path, jobs: Jobs) -> Callable[..., Awaitable[WorkerProcess]]:
    """A probe that writes into the diary; one that is to be killed is started with `TAKEN_OVER`."""

    async def spawn(**settings: str) -> WorkerProcess:
        return await spawn_worker("probe", **{"SCIBUS_PROBE_DIARY": str(diary), **jobs.gates.settings, **settings})

    return spawn


@pytest.fixture
async def worker(spawn_probe: Callable[..., Awaitable[WorkerProcess]]) -> WorkerProcess:
    return await spawn_probe()


@pytest.fixture(scope="module")
def standing_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standing")


@pytest.fixture(scope="module")
async def standing(standing_folder: Path) -> AsyncIterator[Jobs]:
    """The jobs of one worker that all tests of a module share: each uses ids of its own."""
    diary = standing_folder / "diary"
    diary.touch()
    async with NatsServer() as server, connect(server.url, name="test") as bus, AsyncExitStack() as stack:
        spawn = spawning(stack, standing_folder, server)
        jobs = Jobs(bus, diary)
        await spawn("probe", SCIBUS_PROBE_DIARY=str(diary), **jobs.gates.settings)
        yield jobs


async def settle(seconds: float = 0.3) -> None:
    """Give what must not happen the time to happen."""
    await asyncio.sleep(seconds)
