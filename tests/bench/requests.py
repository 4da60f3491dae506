"""Requests per second: a trivial operation and one that waits 20 ms for its backend, one caller and 64."""

import asyncio
import json
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import nats

from scibus.sandbox import NatsServer
from tests.bench.rivals_running import module, running, script
from tests.bench.tables import Table
from tests.processes import start_worker

ECHO, WAIT = {"text": "x" * 150}, {"seconds": 0.02}
CASES = {
    ("nothing", 1): ("echo", ECHO, 1500),
    ("nothing", 64): ("echo", ECHO, 200),
    ("20 ms", 1): ("wait", WAIT, 50),
    ("20 ms", 64): ("wait", WAIT, 75),
}
NATS_SIDES = {"scibus": "scibus.v1.req.probe.", "plain nats-py": "plain.", "FastStream": "faststream."}
HTTP_SIDE = "FastAPI, httpx"


async def _rate(ask, callers, each):
    async def caller():
        for _ in range(each):
            await ask()

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return callers * each / (time.perf_counter() - began)


def _over_nats(connection, prefix):
    def asking(operation, body):
        subject, data = prefix + operation, json.dumps(body).encode()
        return lambda: connection.request(subject, data, timeout=10)

    return asking


def _over_http(http):
    def asking(operation, body):
        async def ask():
            (await http.post(f"/{operation}", json=body)).raise_for_status()

        return ask

    return asking


async def measured(rounds):
    """One table."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(NatsServer())
        at = {"SCIBUS_NATS_URL": server.url}
        worker = await start_worker("probe", folder, at)
        stack.push_async_callback(worker.stop)
        await worker.logged("ready")
        await stack.enter_async_context(running(module("plain_nats"), **at))
        await stack.enter_async_context(running(module("faststream_requests"), **at))
        port = await stack.enter_async_context(running(script("fastapi_server"), BENCH_FOLDER=str(folder)))
        connection = await nats.connect(server.url)
        stack.push_async_callback(connection.close)
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=httpx.Limits(max_connections=64))
        )
        sides = {name: _over_nats(connection, prefix) for name, prefix in NATS_SIDES.items()}
        return [_table(await _interleaved(sides | {HTTP_SIDE: _over_http(http)}, rounds))]


async def _interleaved(sides, rounds):
    rates = {(case, side): [] for case in CASES for side in sides}
    for _ in range(rounds):
        for case, (operation, body, each) in CASES.items():
            for side, asking in sides.items():
                # The slower ones take fewer requests for as long a look.
                asked = each if side in ("scibus", "plain nats-py") else max(each // 4, 25)
                rates[case, side].append(await _rate(asking(operation, body), case[1], asked))
    return {key: statistics.median(values) for key, values in rates.items()}


def _table(medians):
    sides = [*NATS_SIDES, HTTP_SIDE]
    rows = [
        [backend, callers, *figures, figures[0] / figures[1]]
        for backend, callers in CASES
        for figures in [[medians[(backend, callers), side] for side in sides]]
    ]
    columns = ["backend", "callers", *sides, "of plain nats-py"]
    return Table("Requests per second through one process", columns, rows)
