"""Blobs: what is too large for a message, streamed into and out of the JetStream object store.

The on-disk format is the object store's own (ADR-20), so any NATS client reads these objects. nats-py's `get` is not
used: it copies what it has at every chunk, which takes a quarter of a minute for 64 MiB.
"""

import asyncio
import base64
import hashlib
import json
import uuid
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Collection
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, Header, ObjectStoreConfig, PubAck
from nats.js.errors import NotFoundError, ServiceUnavailableError

from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, NotFound, TooLarge, Unsupported

BUCKET = "scibus_blobs"
KEPT_SECONDS = 14 * 24 * 3600
CHUNK = 1024 * 1024
IN_FLIGHT = 8
"""Chunks under way at once, either way: the ceiling of what a transfer holds in memory."""
STEP_SECONDS = 10.0
FORGET_SECONDS = 2.0
STALLS = 3
"""Steps in a row without progress after which a transfer is given up."""


class Blobs:
    """The blobs of one bus.

    Args:
        connection: to NATS.
        bucket: name of the object store.
        create: whether `put` may make a bucket that is missing, as after a server lost its data.
    """

    def __init__(self, connection: Client, bucket: str = BUCKET, *, create: bool = False) -> None:
        self._connection = connection
        self._bucket = bucket
        self._create = create
        self._stream = f"OBJ_{bucket}"
        self._js = connection.jetstream(timeout=STEP_SECONDS)

    @property
    def largest_message(self) -> int:
        """Bytes that one message may hold, headers included."""
        return self._connection.max_payload

    def new_name(self, *parts: str) -> str:
        """A name that was never used before: `parts`, with a random one before the last."""
        return "/".join([*parts[:-1], self._connection._nuid.next().decode(), parts[-1]])

    async def ensure_bucket(self) -> None:
        """Make the bucket, if there is none and this object may.

        Raises:
            TooLarge: there is none, so that nothing larger than a message can travel.
            BackendUnavailable: JetStream does not answer (retryable).
        """
        try:
            await self._js.stream_info(self._stream)
        except NotFoundError:
            if not self._create:
                raise self._no_store("has no object store") from None
            await self._make_bucket()
        except (NoRespondersError, ServiceUnavailableError):
            raise self._no_store("runs without JetStream, so it has no object store") from None
        except (NatsError, TimeoutError) as error:
            raise BackendUnavailable("JetStream does not answer") from error

    async def _make_bucket(self) -> None:
        try:
            config = ObjectStoreConfig(bucket=self._bucket, ttl=KEPT_SECONDS)
            await self._js.create_object_store(self._bucket, config=config)
        except (NatsError, TimeoutError) as error:
            raise BackendUnavailable(f"the object store {self._bucket} cannot be made: {error!r}") from error

    def _no_store(self, reason: str) -> TooLarge:
        limit = self._connection.max_payload
        return TooLarge(f"a message holds {limit} bytes, and the bus {reason} {self._bucket} for larger answers")

    async def put(
        self, name: str, content: AsyncIterable[bytes], *, media_type: str, filename: str | None = None
    ) -> BlobRef:
        """Store `content` under `name`, which must be new, and return the reference.

        Raises:
            TooLarge: the bus has no object store, so that nothing larger than a message can travel.
            BackendUnavailable: the object store did not take the content (retryable).
        """
        await self.ensure_bucket()
        nuid = self._connection._nuid.next().decode()
        chunk_subject = f"$O.{self._bucket}.C.{nuid}"
        digest, size, chunks = hashlib.sha256(), 0, 0
        pending: deque[asyncio.Future[PubAck]] = deque()
        chunk_size = min(CHUNK, self._connection.max_payload)
        try:
            async for chunk in _rechunk(content, chunk_size):
                digest.update(chunk)
                size += len(chunk)
                chunks += 1
                if len(pending) >= IN_FLIGHT:
                    await asyncio.wait_for(pending.popleft(), STEP_SECONDS)
                # Without any header: a full chunk and one header pass max_payload, and the server cuts the connection.
                pending.append(await self._js.publish_async(chunk_subject, chunk))
                _stop_if_cancelled()
            while pending:
                await asyncio.wait_for(pending.popleft(), STEP_SECONDS)
            _stop_if_cancelled()
            info = {
                "name": name,
                "bucket": self._bucket,
                "nuid": nuid,
                "size": size,
                "chunks": chunks,
                "options": {"max_chunk_size": chunk_size},
                "headers": {"Content-Type": [media_type]},
                "digest": "SHA-256=" + base64.urlsafe_b64encode(digest.digest()).decode(),
            }
            rollup: dict[str, Any] = {Header.ROLLUP: "sub"}
            body = json.dumps(info).encode()
            await self._js.publish(self._info_subject(name), body, stream=self._stream, headers=rollup)
        except (NatsError, TimeoutError) as error:
            await asyncio.shield(self._forget(chunk_subject, pending))
            _stop_if_cancelled()
            raise BackendUnavailable(f"the object store {self._bucket} did not take the content: {error!r}") from error
        except BaseException:
            await asyncio.shield(self._forget(chunk_subject, pending))
            raise
        return BlobRef(
            bucket=self._bucket,
            name=name,
            size=size,
            sha256=digest.hexdigest(),
            media_type=media_type,
            filename=filename,
        )

    async def read(self, ref: BlobRef) -> AsyncIterator[bytes]:
        """The content of `ref`, chunk by chunk; checked when the last one was taken.

        Raises:
            NotFound: the blob is gone.
            BadBackendAnswer: size or SHA-256 differ from the reference.
            BackendUnavailable: the object store stopped answering (retryable).
            Unsupported: the blob lies in another kind of store.
        """
        if ref.store != "nats":
            raise Unsupported(f"blobs in the store {ref.store!r} cannot be read here")
        digest, size = hashlib.sha256(), 0
        async for chunk in self._chunks(ref):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        if (size, digest.hexdigest()) != (ref.size, ref.sha256):
            raise BadBackendAnswer(
                f"the blob {ref.name} is damaged: {size} bytes with SHA-256 {digest.hexdigest()}, "
                f"expected {ref.size} with {ref.sha256}"
            )

    async def download(self, ref: BlobRef, path: Path) -> Path:
        """Write `ref` to `path`, which appears only when whole and checked; a folder keeps the blob's file name.

        Raises:
            What `read` raises, and OSError where the file cannot be written.
        """
        if await asyncio.to_thread(path.is_dir):
            path = path / Path(ref.filename or ref.name).name
        # Beside `path`, so that the final rename stays within one file system.
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        try:
            with temporary.open("xb") as file:
                async for chunk in self.read(ref):
                    await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(temporary.replace, path)
        finally:
            temporary.unlink(missing_ok=True)
        return path

    async def find(self, name: str) -> BlobRef:
        """The reference of the blob `name`, as the object store describes it.

        Raises:
            NotFound: there is none of that name.
        """
        info = await self._info(name)
        media_type = (info.get("headers") or {}).get("Content-Type", ["application/octet-stream"])[0]
        digest = base64.urlsafe_b64decode(info["digest"].removeprefix("SHA-256=")).hex()
        return BlobRef(
            bucket=self._bucket,
            name=name,
            size=info.get("size", 0),
            sha256=digest,
            media_type=media_type,
            filename=Path(name).name,
        )

    async def _chunks(self, ref: BlobRef) -> AsyncIterator[bytes]:
        info = await self._info(ref.name)
        missing, position, stalls = int(info.get("chunks", 0)), 0, 0
        while missing:
            try:
                async for sequence, chunk in self._chunks_from(info["nuid"], position, missing):
                    missing, position, stalls = missing - 1, sequence, 0
                    yield chunk
            except (NatsError, TimeoutError) as error:
                stalls += 1
                if stalls == STALLS:
                    raise BackendUnavailable(f"the object store stopped in the middle of {ref.name}") from error

    async def _chunks_from(self, nuid: str, position: int, count: int) -> AsyncIterator[tuple[int, bytes]]:
        """Up to `count` chunks after the stream sequence `position`, each with its own."""
        start = (
            {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": position + 1}
            if position
            else {"deliver_policy": DeliverPolicy.ALL}
        )
        config = ConsumerConfig(ack_policy=AckPolicy.NONE, mem_storage=True, inactive_threshold=30, **start)
        subject = f"$O.{self._bucket}.C.{nuid}"
        puller = await self._js.pull_subscribe(subject, stream=self._stream, config=config)
        try:
            while count:
                for message in await puller.fetch(min(IN_FLIGHT, count), timeout=STEP_SECONDS):
                    count -= 1
                    yield message.metadata.sequence.stream, message.data
        finally:
            await puller.unsubscribe()

    async def _info(self, name: str) -> dict[str, Any]:
        gone = f"there is no blob {name!r} in {self._bucket}: blobs are kept for {KEPT_SECONDS // 86400} days"
        try:
            message = await self._js.get_last_msg(self._stream, self._info_subject(name))
        except (NotFoundError, NoRespondersError, ServiceUnavailableError) as error:
            raise NotFound(gone) from error
        except (NatsError, TimeoutError) as error:
            raise BackendUnavailable(f"the object store {self._bucket} does not answer") from error
        info: dict[str, Any] = json.loads(message.data or b"{}")
        if info.get("deleted") or not info.get("nuid"):
            raise NotFound(gone)
        return info

    def _info_subject(self, name: str) -> str:
        return f"$O.{self._bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"

    async def _forget(self, chunk_subject: str, pending: Collection[asyncio.Future[PubAck]]) -> None:
        """Give the room back; if that fails too, the chunks expire with the bucket's age limit."""
        # A purge would overtake chunks that are still on their way.
        if pending:
            await asyncio.wait(pending, timeout=FORGET_SECONDS)
        for unanswered in pending:
            unanswered.cancel()
        try:
            await self._js.purge_stream(self._stream, subject=chunk_subject)
        except (NatsError, TimeoutError):
            return


def _stop_if_cancelled() -> None:
    """nats-py takes a cancellation for an error, or for nothing at all."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _rechunk(content: AsyncIterable[bytes], size: int) -> AsyncIterator[bytes]:
    buffer = bytearray()
    async for piece in content:
        view = memoryview(piece)
        while view:
            taken = view[: size - len(buffer)]
            buffer += taken
            view = view[len(taken) :]
            if len(buffer) == size:
                yield bytes(buffer)
                buffer.clear()
    if buffer:
        yield bytes(buffer)
