"""Blobs of 256 MiB in both stores, beside nats-py's own object store and httpx with a file behind uvicorn.

MB/s each way, and by how much the process that handles them grows meanwhile. What is read is thrown away.
"""

import io
import os
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import nats
from nats.js.api import ObjectStoreConfig

from scibus.bus.blobs import Blobs
from scibus.bus.connection import close_connection, open_connection
from scibus.bus.settings import BusSettings
from scibus.sandbox import NatsServer
from tests.bench.rivals_running import running, script
from tests.bench.tables import Table

MIB = 1024 * 1024
SIZE = 256 * MIB
PIECE = os.urandom(MIB)
NOWHERE = Path(os.devnull).open("wb")  # noqa: SIM115 - for as long as this runs


class Ours:
    """A blob written and read by this project."""

    def __init__(self, blobs: Blobs, release) -> None:
        self._blobs = blobs
        self._release = release

    async def write(self):
        name = self._blobs.new_name("bench", "blob")
        self._ref = await self._blobs.put(name, _pieces(), media_type="application/octet-stream")

    async def read(self):
        async for _ in self._blobs.read(self._ref):
            pass

    async def remove(self):
        await self._release(self._ref)


class NatsPy:
    """The same by nats-py alone."""

    def __init__(self, bucket) -> None:
        self._bucket = bucket

    async def write(self):
        await self._bucket.put("blob", io.BufferedReader(_Repeated(), buffer_size=MIB))

    async def read(self):
        await self._bucket.get("blob", writeinto=NOWHERE)

    async def remove(self):
        await self._bucket.delete("blob")


class OverHttp:
    """The same as a file behind FastAPI on uvicorn, without any checksum."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def write(self):
        (await self._http.put("/file", content=_pieces())).raise_for_status()

    async def read(self):
        async with self._http.stream("GET", "/file") as response:
            async for _ in response.aiter_raw():
                pass

    async def remove(self):
        """The next one is written over it."""


class _Repeated(io.RawIOBase):
    """`SIZE` bytes as a file."""

    def __init__(self) -> None:
        self._left = SIZE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        taken = min(len(buffer), self._left, MIB)
        buffer[:taken] = PIECE[:taken]
        self._left -= taken
        return taken


async def _pieces():
    for _ in range(SIZE // MIB):
        yield PIECE


async def _measure(transfer):
    """MB/s of `transfer`, and the MiB by which the process was larger meanwhile."""
    before = _memory_now()
    began = time.perf_counter()
    await transfer()
    took = time.perf_counter() - began
    return SIZE / 1e6 / took, (_memory("VmHWM") - before) / 1024


def _memory_now() -> int:
    """Resident KiB; the peak is counted from here."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _memory("VmRSS")


def _memory(name) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


async def measured(rounds):
    """One table."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = await stack.enter_async_context(NatsServer())
        port = await stack.enter_async_context(running(script("fastapi_server"), BENCH_FOLDER=folder))
        plain = await nats.connect(server.url)
        stack.push_async_callback(plain.close)
        http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60)
        await stack.enter_async_context(http)
        settings = BusSettings(nats_url=server.url)
        ours = await open_connection(settings, "bench")
        stack.push_async_callback(close_connection, ours)
        bucket = await plain.jetstream().create_object_store(
            "scibus_blobs", config=ObjectStoreConfig(bucket="scibus_blobs")
        )
        in_files = BusSettings(nats_url=server.url, blob_store="file", blob_folder=folder)

        async def forget(ref):
            await bucket.delete(ref.name)

        async def unlink(ref):
            (Path(folder) / ref.bucket / ref.name).unlink()

        sides = {
            "scibus, object store": Ours(Blobs(ours), forget),
            "nats-py, object store": NatsPy(bucket),
            "scibus, folder": Ours(Blobs.of(ours, in_files), unlink),
            "httpx, file behind uvicorn": OverHttp(http),
        }
        columns = ["", "write, MB/s", "read, MB/s", "grows while writing, MiB", "while reading, MiB"]
        rows = [[side, *figures] for side, figures in (await _interleaved(sides, rounds)).items()]
        return [Table(f"A blob of {SIZE // MIB} MiB", columns, rows)]


async def _interleaved(sides, rounds):
    figures = {side: [] for side in sides}
    for _ in range(rounds):
        for side, way in sides.items():
            (written, write_growth), (read, read_growth) = await _measure(way.write), await _measure(way.read)
            figures[side].append((written, read, write_growth, read_growth))
            await way.remove()
    return {side: [statistics.median(column) for column in zip(*rows, strict=True)] for side, rows in figures.items()}
