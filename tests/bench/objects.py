"""A whole object of 1 GiB out of the object store, beside obstore alone, which writes it to files.

Over the bus: until all of it is in blobs, its checksum known; and until the client has read these, checked. The same of
a smaller one out of an S3 server, moto, on the same cores. Memory is resident memory at most.
"""

import asyncio
import os
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, aclosing
from json import loads
from pathlib import Path
from shutil import rmtree

from tests.bench.deployment import BUCKET, Side, s3, side, stand_in
from tests.bench.memory import Peak
from tests.bench.rivals_running import ended, module
from tests.bench.tables import Table

MIB = 1024 * 1024
FILES = 4
LARGE, SMALL = 1024 * MIB, 128 * MIB
MOST_ROUNDS = 2
"""A GiB takes long enough to be measured with few."""


class OverTheBus:
    """A worker that fetches an object."""

    def __init__(self, at: Side) -> None:
        self._side = at

    async def fetch(self, name):
        """Seconds until it is in blobs, seconds until these are read, the worker's memory."""
        peak, began = Peak(self._side.worker.pid), time.perf_counter()
        job = await self._side.bus.modos.download.submit(modo=f"s3://{BUCKET}/{name}")
        found = await job.result()
        stored = time.perf_counter() - began
        for file in found.files:
            async with aclosing(self._side.bus.blobs.read(file.blob)) as chunks:
                async for _ in chunks:
                    pass
        read = time.perf_counter() - began
        for file in found.files:
            await self._side.forget(file.blob)
        return stored, read, peak.mib()


class Obstore:
    """obstore alone, to files."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder

    async def fetch(self, name):
        target = self._folder / "plain"
        told = loads(await ended([*module("plain_obstore"), "files", self._url, f"{name}/", str(target)]))
        rmtree(target)
        return told["seconds"], None, told["peak"]


def _make(folder: Path, size: int) -> None:
    """An object of some files."""
    (folder / "data.zarr").mkdir(parents=True)
    (folder / "data.zarr" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    piece = os.urandom(MIB)
    for number in range(FILES):
        with (folder / f"file{number}.bin").open("wb") as file:
            for _ in range(size // FILES // MIB):
                file.write(piece)


async def measured(rounds):
    """Two tables."""
    rounds = min(rounds, MOST_ROUNDS)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = await stand_in(stack, folder)
        bucket = source.folder / BUCKET
        _make(bucket / "small", SMALL)
        server = await s3(stack, bucket)
        _make(bucket / "large", LARGE)
        in_bus = OverTheBus(await side(stack, folder, source.settings))
        in_files = OverTheBus(await side(stack, folder, source.settings, in_files=True))
        from_s3 = OverTheBus(await side(stack, folder, server.settings))
        out_of_folder = {
            "scibus": in_bus,
            "scibus, blobs in a folder": in_files,
            "obstore, to files": Obstore(bucket.as_uri(), folder),
        }
        out_of_s3 = {"scibus": from_s3, "obstore, to files": Obstore(f"{server.url}/{BUCKET}", folder)}
        return [
            await _table("large", LARGE, "out of a folder", out_of_folder, rounds),
            await _table("small", SMALL, "out of S3 (moto)", out_of_s3, rounds),
        ]


async def _table(name, size, where, sides, rounds):
    looks = {side: [] for side in sides}
    for _ in range(rounds):
        for side_name, way in sides.items():
            # Nobody's clock runs while the disk takes what others wrote.
            await asyncio.to_thread(os.sync)
            looks[side_name].append(await way.fetch(name))
    rows = []
    for side_name, found in looks.items():
        stored, read, memory = zip(*found, strict=True)
        both = None if read[0] is None else size / 1e6 / statistics.median(read)
        rows.append([side_name, size / 1e6 / statistics.median(stored), both, max(memory)])
    columns = ["", "MB/s", "and read by the client, MB/s", "memory, MiB"]
    return Table(f"An object of {size // MIB} MiB {where} ({rounds} rounds)", columns, rows)
