"""How long the worker for JSOC takes from its start until it is ready, and what memory it holds when idle."""

import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from scibus.sandbox import NatsServer
from tests.bench.tables import Table
from tests.processes import start_worker

IDLE_SECONDS = 2.0


async def measured(rounds):
    """One table."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(NatsServer())
        looks = [await _look(folder, {"SCIBUS_NATS_URL": server.url}) for _ in range(rounds + 1)]
    # The first one finds no streams and makes them, and may find cold files.
    first, again = looks[0], [statistics.median(column) for column in zip(*looks[1:], strict=True)]
    columns = ["", "ready after, s", "idle memory, MiB"]
    return [Table("A worker's start", columns, [["the first, which makes the streams", *first], ["the next", *again]])]


async def _look(folder, settings):
    began = time.perf_counter()
    worker = await start_worker("drms", folder, settings)
    try:
        await worker.logged("ready")
        took = time.perf_counter() - began
        await asyncio.sleep(IDLE_SECONDS)
        return took, worker.resident_bytes() / 2**20
    finally:
        worker.terminate()
        await worker.wait()
