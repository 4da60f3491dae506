"""Blobs in both stores beside nats-py's own object store: MB/s each way and how far the process grows meanwhile.

Nothing touches the network but the loopback; what is read is thrown away.
"""

import io
import os
import statistics
import tempfile
import time
from pathlib import Path

import nats
import uvloop
from nats.js.api import ObjectStoreConfig

from scibus.bus.blobs import Blobs
from scibus.bus.settings import BusSettings
from scibus.sandbox import NatsServer

ROUNDS = 3
MIB = 1024 * 1024
SIZE = 256 * MIB
PIECE = os.urandom(MIB)
NOWHERE = Path(os.devnull).open("wb")  # noqa: SIM115 - for as long as this runs
FIGURES = ("write MB/s", "read MB/s", "write grows MiB", "read grows MiB")


class Ours:
    """A blob written and read by this project."""

    def __init__(self, blobs: Blobs, release) -> None:
        self._blobs = blobs
        self._release = release

    async def write(self):
        self._ref = await self._blobs.put(
            self._blobs.new_name("bench", "blob"), _pieces(), media_type="application/octet-stream"
        )

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


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with NatsServer() as server:
            connection = await nats.connect(server.url)
            bucket = await connection.jetstream().create_object_store(
                "scibus_blobs", config=ObjectStoreConfig(bucket="scibus_blobs")
            )
            in_files = BusSettings(blob_store="file", blob_folder=folder)

            async def forget(ref):
                await bucket.delete(ref.name)

            async def unlink(ref):
                (Path(folder) / ref.bucket / ref.name).unlink()

            sides = {
                "scibus, nats": Ours(Blobs(connection), forget),
                "nats-py": NatsPy(bucket),
                "scibus, file": Ours(Blobs.of(connection, in_files), unlink),
            }
            report(await interleaved(sides))
            await connection.close()


async def interleaved(sides):
    figures = {side: [] for side in sides}
    for _ in range(ROUNDS):
        for side, way in sides.items():
            (written, write_growth), (read, read_growth) = await _measure(way.write), await _measure(way.read)
            figures[side].append((written, read, write_growth, read_growth))
            await way.remove()
    return {side: [statistics.median(column) for column in zip(*rows, strict=True)] for side, rows in figures.items()}


def report(medians) -> None:
    print(f"\n{SIZE // MIB} MiB, medians of {ROUNDS} interleaved rounds, server on the same machine")
    print(f"{'':14}" + "".join(f"{figure:>17}" for figure in FIGURES))
    for side, values in medians.items():
        print(f"{side:14}" + "".join(f"{value:17.0f}" for value in values))


if __name__ == "__main__":
    uvloop.run(main())
