"""A MODOS deployment, and buses with its worker: every part a process of its own."""

import json
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from scibus.bus.blobs import Blobs
from scibus.bus.settings import BusSettings
from scibus.client import Bus, connect
from scibus.contracts.blobs import BlobRef
from scibus.sandbox import NatsServer
from scibus.sandbox.standin import StandInControl
from tests.bench.rivals_running import running, script
from tests.processes import WorkerProcess, start_worker

BUCKET = "modos-demo"
PATIENCE = 300


@dataclass(frozen=True)
class StandIn:
    """The stand-in: its objects lie in a folder.

    Attributes:
        folder: where the buckets are.
        settings: what a worker must be told.
        control: has things done to it.
        url: where it is.
    """

    folder: Path
    settings: dict[str, str]
    control: StandInControl
    url: str


@dataclass(frozen=True)
class Side:
    """A bus of its own, with one worker for MODOS on it; `folder` is that of blobs that are files."""

    bus: Bus
    worker: WorkerProcess
    folder: Path | None

    async def forget(self, blob: BlobRef) -> None:
        """Give the room of a blob back."""
        if self.folder is not None:
            (self.folder / blob.bucket / blob.name).unlink()
        else:
            store = await self.bus.connection.jetstream().object_store(blob.bucket)
            await store.delete(blob.name)


async def stand_in(stack: AsyncExitStack, folder: Path) -> StandIn:
    """A stand-in that ends with `stack`."""
    buckets = folder / "buckets"
    command = [sys.executable, "-m", "scibus.sandbox.modos", "--folder", str(buckets)]
    told = json.loads(await stack.enter_async_context(running(command)))
    return StandIn(buckets, told["settings"], StandInControl(told["control"]), told["url"])


async def side(stack: AsyncExitStack, folder: Path, settings: dict[str, str], *, in_files: bool = False) -> Side:
    """A bus and a worker that keeps its blobs in it, or in files."""
    server = await stack.enter_async_context(NatsServer())
    blobs = folder / "blobs" if in_files else None
    at = {"SCIBUS_NATS_URL": server.url, "SCIBUS_MODOS_TOKEN_FILE": str(folder / "no-token"), **settings}
    if blobs is not None:
        blobs.mkdir()
        at |= {"SCIBUS_BLOB_STORE": "file", "SCIBUS_BLOB_FOLDER": str(blobs)}
    worker = await start_worker("modos", folder, at)
    stack.push_async_callback(worker.stop)
    await worker.logged("ready")
    bus = await stack.enter_async_context(connect(server.url, name="bench", timeout=PATIENCE))
    if blobs is not None:
        reading = BusSettings(nats_url=server.url, blob_store="file", blob_folder=blobs)
        bus = Bus(bus.connection, bus.options, Blobs.of(bus.connection, reading))
    return Side(bus, worker, blobs)


@dataclass(frozen=True)
class S3:
    """An S3 server with a copy of the stand-in's bucket in memory.

    Attributes:
        url: where it is.
        settings: what a worker must be told.
    """

    url: str
    settings: dict[str, str]

    async def requests(self) -> int:
        """How often it was asked since this was asked."""
        async with httpx.AsyncClient() as http:
            return int((await http.get(f"{self.url}/count")).json())


async def s3(stack: AsyncExitStack, bucket: Path) -> S3:
    """moto with the files of the folder `bucket` in a bucket of the same name."""
    told = json.loads(await stack.enter_async_context(running(script("s3_copy", str(bucket)))))
    settings = {
        "SCIBUS_MODOS_SERVICES": json.dumps({"s3": told["url"]}),
        "SCIBUS_MODOS_BUCKET": bucket.name,
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_REGION": "us-east-1",
    }
    return S3(told["url"], settings)
