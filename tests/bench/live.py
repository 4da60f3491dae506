"""Live datasets: from the source to a reader of the bus, beside a bare nats-py consumer and the published client.

What waits at the source is read to its end: messages each second from subscribing to the last one. Then 100 messages
each second are sent, and it is told how late they come. All three reach the source over TCP with TLS; the published
client takes batches of 10, as it does by default.
"""

import asyncio
import json
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from scibus.client import connect
from scibus.contracts.live import BEGIN
from scibus.sandbox import NatsServer
from scibus.sandbox.mdb import MdbStandIn
from tests.bench.rivals_running import module, running_lines, script
from tests.bench.tables import Table
from tests.processes import start_worker

READER = "alice"
SHAPES = {(200, 1): 30_000, (200, 50): 600, (64 * 1024, 1): 3_000, (64 * 1024, 50): 60}
"""Messages of each dataset, by their size in bytes and the number of datasets."""
BATCH = 500
PACED = 500
PAUSE = 0.01
MANY = 1_000
MANY_OVER = 50
SIDES = {
    "scibus": module("live_scibus"),
    "bare nats-py": module("live_plain"),
    "speedracer": script("live_speedracer"),
}


class Course:
    """A source, a bus with the worker on it, and those who follow."""

    def __init__(self, mdb: MdbStandIn, bus: str) -> None:
        self.mdb = mdb
        self._bus = bus
        self._runs = 0

    async def datasets(self, number: int) -> list[str]:
        """That many datasets that nobody has used."""
        self._runs += 1
        names = [f"bench-{self._runs}-{place}" for place in range(number)]
        for name in names:
            await self.mdb.add_dataset(name, [READER])
        return names

    async def fill(self, names: list[str], count: int, size: int) -> None:
        """Put messages into each dataset."""
        for name in names:
            await self.mdb.publish(name, [_stamped(size)] * count)

    def asked(self, names: list[str], count: int) -> str:
        """What a follower is told."""
        addresses = self.mdb.addresses()
        asked = {
            "datasets": names,
            "count": count,
            "batch": BATCH,
            "name": f"run{self._runs}",
            "bus": self._bus,
            "settings": addresses["settings"],
            "publisher": addresses["publisher"],
        }
        return json.dumps(asked)


def _stamped(size: int) -> bytes:
    return b"%d " % time.time_ns() + b"." * (size - 20)


async def measured(rounds):
    """Tables of rates, of delays, and of many subscriptions."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(NatsServer())
        mdb = await stack.enter_async_context(MdbStandIn(datasets={}))
        settings = {
            "SCIBUS_NATS_URL": server.url,
            "SCIBUS_AUTOBAHN_WEBSOCKET": "false",
            "SCIBUS_AUTOBAHN_SESSION_IDLE": "0",
            **mdb.addresses()["settings"],
        }
        worker = await start_worker("autobahn", folder, settings)
        stack.push_async_callback(worker.stop)
        await worker.logged("ready")
        course = Course(mdb, server.url)
        rates = [[*shape, *await _rates(course, *shape, rounds)] for shape in SHAPES]
        delays = [[size, *await _delays(course, size)] for size in (200, 64 * 1024)]
        many = await _many(course, server.url, worker)
    sides = list(SIDES)
    return [
        Table("Live data, messages/s", ["bytes", "datasets", *sides, "of bare nats-py"], rates),
        Table(
            "Live data, 100 messages/s: ms from the source",
            ["bytes", *(f"{side} {cut}" for side in sides for cut in ("p50", "p99"))],
            delays,
        ),
        Table(f"{MANY} subscriptions on one worker", ["", "MiB", "% CPU when idle"], many),
    ]


async def _rates(course, size, number, rounds):
    found = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side, command in SIDES.items():
            names = await course.datasets(number)
            await course.fill(names, SHAPES[size, number], size)
            async with running_lines(command, BENCH_LIVE=course.asked(names, SHAPES[size, number])) as said:
                await said()
                found[side].append(json.loads(await said())["rate"])
    medians = [statistics.median(found[side]) for side in SIDES]
    return [*medians, medians[0] / medians[1]]


async def _delays(course, size):
    figures = []
    for command in SIDES.values():
        (name,) = await course.datasets(1)
        async with running_lines(command, BENCH_LIVE=course.asked([name], PACED)) as said:
            await said()
            began = time.perf_counter()
            for number in range(PACED):
                await course.mdb.publish(name, [_stamped(size)])
                await asyncio.sleep(max(began + (number + 1) * PAUSE - time.perf_counter(), 0))
            told = json.loads(await said())
        figures += [told["p50"], told["p99"]]
    return figures


async def _many(course, url, worker):
    """Memory and CPU of the worker with many subscriptions of some datasets, when nothing comes."""
    names = await course.datasets(MANY_OVER)
    await course.fill(names, 10, 200)
    async with connect(url) as bus:
        operation = type(bus.autobahn).subscribe
        ids = [(name, f"many-{number}-{name}") for number in range(MANY // MANY_OVER) for name in names]
        began = time.perf_counter()
        for start in range(0, MANY, 50):
            orders = [operation.model(dataset=name, id=one, offset=BEGIN) for name, one in ids[start : start + 50]]
            await asyncio.gather(*(bus.request(operation, order) for order in orders))
        took = time.perf_counter() - began
        await asyncio.sleep(15)
        before, since = _cpu(worker), time.perf_counter()
        await asyncio.sleep(10)
        share = 100 * (_cpu(worker) - before) / (time.perf_counter() - since)
    return [[f"{MANY_OVER} datasets, subscribed in {took:.0f} s", worker.resident_bytes() / 2**20, share]]


def _cpu(worker) -> float:
    fields = Path(f"/proc/{worker.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
