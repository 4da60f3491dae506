"""Where it happens: a server, the ledger, workers of the probe as processes, and a client."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from nats.aio.client import Client

from scibus.client import Bus, connect
from scibus.sandbox import NatsServer
from tests.chaos.ledger import LedgerStandIn
from tests.chaos.probe import Probe
from tests.chaos.verdict import queued, results_of
from tests.processes import WorkerProcess, start_worker

ACK_WAIT = 2.0


class Field:
    """A bus with a probe on it.

    Attributes:
        server: the real one.
        ledger: the backend of the probe.
        bus: a client.
        workers: all that were ready once, dead ones too.
    """

    def __init__(self, folder: Path, server: NatsServer, ledger: LedgerStandIn, bus: Bus) -> None:
        self.folder = folder
        self.server = server
        self.ledger = ledger
        self.bus = bus
        self.workers: list[WorkerProcess] = []
        self._started: list[WorkerProcess] = []

    @property
    def connection(self) -> Client:
        """The client's connection."""
        return self.bus.connection

    @property
    def probe(self) -> Probe:
        """The operations of the probe."""
        return self.bus.service(Probe)

    @property
    def alive(self) -> list[WorkerProcess]:
        """Workers that are ready, and were not killed."""
        return [worker for worker in self.workers if worker.process.returncode is None]

    async def worker(self, *, service: str = "chaos", url: str = "", **settings: str) -> WorkerProcess:
        """Start one more worker, at `url` when it shall reach the server on another way."""
        own = {
            "SCIBUS_NATS_URL": url or self.server.url,
            "SCIBUS_PROBE_LEDGER": self.ledger.url,
            "SCIBUS_ACK_WAIT": f"{ACK_WAIT:g}",
            **settings,
        }
        worker = await start_worker(service, self.folder, own)
        self._started.append(worker)
        await worker.logged("ready")
        self.workers.append(worker)
        return worker

    async def several(self, number: int, **settings: str) -> list[WorkerProcess]:
        """Start that many workers at once."""
        return list(await asyncio.gather(*(self.worker(**settings) for _ in range(number))))

    async def ended(self, ids: Sequence[str], seconds: float, operation: str = "order") -> bool:
        """Wait until all jobs have a result and the queue is empty; False when that takes longer."""

        async def there() -> bool:
            with suppress(Exception):
                waiting = await queued(self.connection)
                return not waiting and set(ids) <= set(await results_of(self.connection, operation))
            return False

        return await waited(there, seconds)

    async def clean(self) -> None:
        """Stop all workers."""
        for worker in self._started:
            if worker.process.returncode is None:
                os.kill(worker.pid, signal.SIGCONT)
            await worker.stop()


async def waited(condition: Callable[[], Awaitable[bool]], seconds: float, pause: float = 0.05) -> bool:
    """Wait until `condition` holds; False when that takes longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - other processes do it, and tell nobody
                await asyncio.sleep(pause)
            return True
    return False


@asynccontextmanager
async def field(**server_options: object) -> AsyncIterator[Field]:
    """A bus of its own, with nobody on it yet."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="scibus-chaos-"))
        server = await stack.enter_async_context(NatsServer(**server_options))  # type: ignore[arg-type]
        ledger = await stack.enter_async_context(LedgerStandIn())
        bus = await stack.enter_async_context(connect(server.url, name="chaos"))
        made = Field(Path(folder), server, ledger, bus)
        stack.push_async_callback(made.clean)
        yield made
