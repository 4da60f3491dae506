"""Objects on their way between an object store and blobs, moved by workers that are processes of their own."""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from scibus.bus.stored import last_message
from scibus.client import Bus
from scibus.client.jobs.submitted import SubmittedJob
from scibus.contracts.blobs import BlobRef
from scibus.contracts.modos import TransferredFile, TransferredObject
from tests.conftest import SpawnWorker
from tests.modos.ground import Trap, WatchedWay
from tests.modos.transfer.mover import Mover
from tests.processes import WorkerProcess
from tests.s3 import BreakableWay, S3Bucket, S3Server, s3_bucket, s3_server
from tests.waiting import until

__all__ = ["s3_bucket", "s3_server"]

SpawnMover = Callable[..., Awaitable[WorkerProcess]]
MIB = 1024 * 1024
BUCKET = "objects"
MARK = "data.zarr/zarr.json"


def noise(size: int) -> bytes:
    """Content that no other file has."""
    return os.urandom(size)


def md5_of(files: dict[str, bytes]) -> str:
    """The checksum of an object, reckoned as the published client does."""
    return hashlib.md5(b"".join(files[name] for name in sorted(files))).hexdigest()


class Objects:
    """Jobs that move objects, and what is in the blobs."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.mover = bus.service(Mover)

    async def download(self, modo: str, *files: str) -> SubmittedJob[TransferredObject]:
        """Submit a download."""
        return await self.mover.download.submit(modo=modo, files=list(files))

    async def upload(self, path: str, files: dict[str, BlobRef], **options: Any) -> SubmittedJob[TransferredObject]:
        """Submit an upload."""
        listed = [{"name": name, "blob": blob} for name, blob in files.items()]
        return await self.mover.upload.submit(path=path, files=listed, **options)

    async def blob(self, content: bytes) -> BlobRef:
        """A new blob."""

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        name = self.bus.blobs.new_name("test", "file")
        return await self.bus.blobs.put(name, pieces(), media_type="application/octet-stream")

    async def blobs(self, files: dict[str, bytes]) -> dict[str, BlobRef]:
        """A new blob for each."""
        return {name: await self.blob(content) for name, content in files.items()}

    async def content(self, file: TransferredFile) -> bytes:
        """What a file's blob holds, checked against its digest."""
        return b"".join([chunk async for chunk in self.bus.blobs.read(file.blob)])

    async def contents(self, moved: TransferredObject) -> dict[str, bytes]:
        """All of them, by name."""
        return {file.name: await self.content(file) for file in moved.files}

    async def reaches(self, job: SubmittedJob[Any], state: str) -> Any:
        """The job's status once it is in `state`."""

        async def there() -> bool:
            return bool((await job.status()).state == state)

        await until(there, 30)
        return await job.status()

    async def notes(self, job: SubmittedJob[Any], files: int) -> None:
        """Wait until the job's checkpoint names so many files."""
        subject = f"$KV.scibus_checkpoints.mover.download.{job.job_id}"

        async def there() -> bool:
            saved = await last_message(self.bus.connection, "KV_scibus_checkpoints", subject)
            return saved is not None and len(json.loads(saved.data)["files"]) == files

        await until(there, 30)


@pytest.fixture
def objects(bus: Bus) -> Objects:
    return Objects(bus)


class Folder:
    """A bucket that is a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def empty(cls, path: Path) -> Self:
        """With nothing in it, whatever was there."""
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return cls(path)

    def put(self, files: dict[str, bytes], key: str = "ex") -> None:
        """Make an object of `files`."""
        for name, content in files.items():
            file = self.path / key / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def copy(self, source: Path, key: str = "ex") -> None:
        """Make an object of a folder."""
        shutil.copytree(source, self.path / key)

    def all(self) -> dict[str, tuple[bytes, int]]:
        """All files, and when each was written."""
        files = (path for path in self.path.rglob("*") if path.is_file())
        return {str(path.relative_to(self.path)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    def contents(self, key: str = "ex") -> dict[str, bytes]:
        """The files of an object."""
        return {name.removeprefix(f"{key}/"): content for name, (content, _) in self.all().items()}


@pytest.fixture
async def way(s3_server: S3Server) -> AsyncIterator[WatchedWay]:
    """The only way to the S3 server that the movers have."""
    async with WatchedWay(s3_server) as way:
        yield way
        way.spring_all()


@pytest.fixture
def spawn_mover(spawn_worker: SpawnWorker, way: WatchedWay) -> SpawnMover:
    """A worker that moves between S3 and blobs: `await spawn_mover(**TAKEN_OVER)` where it is killed."""

    async def spawn(**settings: str) -> WorkerProcess:
        return await spawn_worker("mover", **{"SCIBUS_MOVER_STORE": way.url, **settings})

    return spawn


@pytest.fixture
async def mover(spawn_mover: SpawnMover) -> WorkerProcess:
    return await spawn_mover()


@pytest.fixture
def modo(s3_bucket: S3Bucket) -> str:
    """Where an object is, or will be."""
    return f"s3://{s3_bucket.name}/ex"


async def put_all(bucket: S3Bucket, files: dict[str, bytes], key: str = "ex") -> None:
    """Make an object of `files`."""
    for name, content in files.items():
        await bucket.put(f"{key}/{name}", content)


@pytest.fixture
def halves() -> dict[str, bytes]:
    """An object of which one file goes in parts."""
    return {MARK: b"{}", "a.txt": b"a", "reads.bam": noise(16 * MIB)}


async def held(trap: Trap) -> None:
    """Wait until it holds something."""
    async with asyncio.timeout(60):
        await trap.sprung.wait()


async def held_halfway(trap: Trap, bucket: S3Bucket) -> None:
    """Wait until it holds a part of the large file of `halves`, and the small one is there."""
    await held(trap)

    async def small_is_there() -> bool:
        return await bucket.keys() == ["ex/a.txt"]

    await until(small_is_there, 30)
    assert await bucket.unfinished() == ["ex/reads.bam"]


def in_pieces(way: BreakableWay) -> None:
    """From now on each connection ends after a piece of an answer."""
    way.breaks_after, way.breaks = MIB, 1_000_000


@contextmanager
def crawling(way: BreakableWay) -> Iterator[None]:
    """While the block runs, a file of 20 MiB takes most of a minute."""
    way.rate = MIB // 2
    yield
    way.rate = 0
