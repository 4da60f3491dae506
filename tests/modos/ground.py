"""A bus, workers as processes, and the stand-in for MODOS with its objects on a real S3 server that can be watched."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nats.js.errors import NotFoundError
from obstore.store import S3Store

from scibus.bus.stored import api
from scibus.client import Bus, connect
from scibus.contracts.blobs import BlobRef
from scibus.sandbox import NatsServer
from scibus.sandbox.modos import ModosStandIn, S3Place
from tests.processes import WorkerProcess, start_worker
from tests.s3 import BreakableWay, S3Bucket, S3Server
from tests.waiting import until

BUCKET, SEQUENCES = "modos-demo", "reference-genomes"
BLOB_STREAM = "OBJ_scibus_blobs"
REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP/1\.1\r\n")
MIB = 1024 * 1024


class Trap:
    """Holds a request to the object store, or its answer, until it is let go.

    Args:
        pattern: of method and path; the query counts too.
        skip: how many such requests pass before.
        after: bytes of the answer that pass; None: the request itself does not.

    Attributes:
        sprung: set when one is held.
    """

    def __init__(self, pattern: str, *, skip: int = 0, after: int | None = None) -> None:
        self._pattern = re.compile(pattern)
        self._skip = skip
        self.after = after
        self.sprung = asyncio.Event()
        self._over = asyncio.Event()

    def takes(self, request: str) -> bool:
        """Whether `request` is the one."""
        if self.sprung.is_set() or not self._pattern.match(request):
            return False
        self._skip -= 1
        return self._skip < 0

    async def hold(self) -> None:
        """Wait until it is let go."""
        self.sprung.set()
        await self._over.wait()

    def let_go(self) -> None:
        """What is held goes on, if whoever sent it is still there."""
        self._over.set()


@dataclass
class _Connection:
    trap: Trap | None = None
    passed: int = 0


_connection: ContextVar[_Connection] = ContextVar("_connection")


class WatchedWay(BreakableWay):
    """A way to the object store that tells what passes.

    Attributes:
        requests: method and path of each.
        traps: what is held.
        carried_tokens: requests with a bearer token, which is nobody's business there.
    """

    def __init__(self, server: S3Server) -> None:
        super().__init__(server)
        self.requests: list[str] = []
        self.traps: list[Trap] = []
        self.carried_tokens = 0

    @property
    def writes(self) -> list[str]:
        """Requests that change something."""
        return [request for request in self.requests if not request.startswith(("GET ", "HEAD "))]

    def set_trap(self, trap: Trap) -> Trap:
        """From now on it is in the way."""
        self.traps.append(trap)
        return trap

    def spring_all(self) -> None:
        """Let go what is held, and hold nothing any more."""
        for trap in self.traps:
            trap.let_go()
        self.traps.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _connection.set(_Connection())
        await super()._accept(reader, writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        watched: Any = _Watched(reader, self._answered if answers else self._asked)
        await super()._pass(watched, writer, answers=answers)

    async def _asked(self, piece: bytes) -> None:
        found = REQUEST.match(piece)
        if not found:
            return
        request = f"{found[1].decode()} {found[2].decode()}"
        self.requests.append(request)
        self.carried_tokens += b"bearer " in piece.partition(b"\r\n\r\n")[0].lower()
        here = _connection.get()
        here.trap, here.passed = next((trap for trap in self.traps if trap.takes(request)), None), 0
        if here.trap and here.trap.after is None:
            await here.trap.hold()

    async def _answered(self, piece: bytes) -> None:
        here = _connection.get()
        if here.trap and here.trap.after is not None:
            if here.passed >= here.trap.after:
                await here.trap.hold()
            here.passed += len(piece)


class _Watched:
    def __init__(self, reader: asyncio.StreamReader, look: Callable[[bytes], Any]) -> None:
        self._reader = reader
        self._look = look

    async def read(self, size: int) -> bytes:
        piece = await self._reader.read(size)
        if piece:
            await self._look(piece)
        return piece


@dataclass(frozen=True, kw_only=True)
class BehindAWay(S3Place):
    """Clients are sent over the way at `url`; the stand-in itself goes straight."""

    straight: str

    def make(self, bucket: str) -> None:
        S3Place.make(replace(self, url=self.straight), bucket)

    def open(self, bucket: str) -> S3Store:
        return S3Place.open(replace(self, url=self.straight), bucket)


@dataclass
class Ground:
    """Everything at once.

    Attributes:
        bus: a client.
        stand_in: what the workers ask.
        way: the only one that they have to the object store.
        bucket: of the objects, behind their back.
        folder: of logs and tokens; `folder / "tmp"` is where the workers keep temporary files.
        workers: all that were started.
    """

    bus: Bus
    server: NatsServer
    stand_in: ModosStandIn
    way: WatchedWay
    bucket: S3Bucket
    folder: Path
    stack: AsyncExitStack
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def token_file(self) -> Path:
        return self.folder / "login" / "token.jwt"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    async def worker(self, **settings: str) -> WorkerProcess:
        """One more worker. What it keeps of the deployment is asked anew each time."""
        self.temporary.mkdir(exist_ok=True)
        own = {
            "SCIBUS_NATS_URL": self.server.url,
            "SCIBUS_ACK_WAIT": "2",
            "SCIBUS_LOG_LEVEL": "debug",
            "SCIBUS_MODOS_TOKEN_FILE": str(self.token_file),
            "SCIBUS_MODOS_ENDPOINTS_SECONDS": "0",
            "SCIBUS_MODOS_LISTING_SECONDS": "0",
            "TMPDIR": str(self.temporary),
            **self.stand_in.addresses()["settings"],
            **settings,
        }
        worker = await start_worker("modos", self.folder, own)
        self.stack.push_async_callback(worker.stop)
        await worker.logged("ready")
        self.workers.append(worker)
        return worker

    async def kill_all(self) -> None:
        """Kill all workers, and wait until they are gone."""
        for worker in self.workers:
            if worker.process.returncode is None:
                await worker.killed()

    async def blob(self, content: bytes, filename: str = "file") -> BlobRef:
        """A new blob."""

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        name = self.bus.blobs.new_name("test", filename)
        return await self.bus.blobs.put(name, pieces(), media_type="application/octet-stream", filename=filename)

    async def content(self, blob: BlobRef) -> bytes:
        """What a blob holds, checked against its digest."""
        return b"".join([chunk async for chunk in self.bus.blobs.read(blob)])

    async def blobs_of(self, job_id: str) -> list[str]:
        """Names of the blobs that a job has made."""
        store = await self.bus.connection.jetstream().object_store("scibus_blobs")
        with suppress(NotFoundError):  # so the library tells that there is nothing
            return [str(entry.name) for entry in await store.list() if f"/{job_id}/" in f"/{entry.name}/"]
        return []

    async def blob_pieces(self) -> int:
        """Messages that hold pieces of blobs, also of such as never became one."""
        body = {"subjects_filter": "$O.scibus_blobs.C.>"}
        state = (await api(self.bus.connection, f"STREAM.INFO.{BLOB_STREAM}", body))["state"]
        return sum((state.get("subjects") or {}).values())

    async def object_contents(self, path: str, bucket: str = BUCKET) -> dict[str, bytes]:
        """The files of an object in the store, by their names below it."""
        keys = await self.stand_in.buckets.keys(bucket, f"{path}/")
        found = {key: await self.stand_in.buckets.read(bucket, key) for key in keys}
        return {key.removeprefix(f"{path}/"): content for key, content in found.items() if content is not None}

    async def all_keys(self) -> set[tuple[str, str | None]]:
        """Everything in the buckets, with the entity tags that tell contents apart."""
        place = self.stand_in.buckets.place
        listed = [await place.open(bucket).list().collect_async() for bucket in (BUCKET, SEQUENCES)]
        return {(entry["path"], entry["e_tag"]) for entries in listed for entry in entries}

    async def reaches(self, job: Any, state: str) -> Any:
        """The job's status once it is in `state`."""

        async def there() -> bool:
            return bool((await job.status()).state == state)

        await until(there, 30)
        return await job.status()


@asynccontextmanager
async def modos_ground(folder: Path, s3: S3Server) -> AsyncIterator[Ground]:
    """All but workers."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(NatsServer(store=folder / "jetstream"))
        bus = await stack.enter_async_context(connect(server.url, name="test"))
        way = await stack.enter_async_context(WatchedWay(s3))
        place = BehindAWay(url=way.url, straight=s3.url, access_key=s3.key, secret_key=s3.secret)
        stand_in = await stack.enter_async_context(ModosStandIn(s3=place))
        yield Ground(bus, server, stand_in, way, S3Bucket(s3, BUCKET), folder, stack)
