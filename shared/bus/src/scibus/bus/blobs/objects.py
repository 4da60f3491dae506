"""Blobs in JetStream's object store, in its own on-disk format (ADR-20): any NATS client reads and writes them.

nats-py's own `get` is not used: it copies what it has at every chunk, which takes a quarter of a minute for 64 MiB.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from pathlib import PurePosixPath
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js.api import Header, ObjectStoreConfig
from nats.js.errors import NotFoundError, ServiceUnavailableError

from scibus.bus.blobs.chunks import CHUNK, Checksum, rechunk
from scibus.bus.blobs.reading import ChunksGone, pulled_chunks
from scibus.bus.blobs.upload import IN_FLIGHT, ObjectUpload, purge, stop_if_cancelled
from scibus.bus.guarded import GuardedPublisher, Stale
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Conflict, NotFound, TooLarge

BUCKET = "scibus_blobs"
KEPT_SECONDS = 14 * 24 * 3600
MOST_IN_FLIGHT = 64
"""Chunks pulled at once where another client made them small."""
STEP_SECONDS = 10.0
ROLLUP = {Header.ROLLUP.value: "sub"}


class ObjectBlobs:
    """The blobs of one object store.

    Args:
        connection: to NATS.
        bucket: its name.
        create: whether `put` may make a bucket that is missing, as after a server lost its data.
    """

    def __init__(self, connection: Client, bucket: str = BUCKET, *, create: bool = False) -> None:
        self._connection = connection
        self._bucket = bucket
        self._create = create
        self._stream = f"OBJ_{bucket}"
        self._js = connection.jetstream(timeout=STEP_SECONDS)
        self._infos = GuardedPublisher(connection, self._stream)

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
        """Store `content` under `name`, and return the reference.

        Raises:
            Conflict: the name is used already.
            TooLarge: the bus has no object store, so that nothing larger than a message can travel.
            BackendUnavailable: the object store did not take the content (retryable).
        """
        await self.ensure_bucket()
        nuid = self._connection._nuid.next().decode()
        chunk_size = min(CHUNK, self._connection.max_payload)
        upload = ObjectUpload(self._connection, self._bucket, nuid)
        checksum, chunks = Checksum(), 0
        try:
            async with aclosing(rechunk(content, chunk_size)) as cut:
                async for chunk in cut:
                    await checksum.add(chunk)
                    await upload.send(chunk)
                    chunks += 1
            await upload.arrived()
            sha256 = await checksum.digest()
            info = {
                "name": name,
                "bucket": self._bucket,
                "nuid": nuid,
                "size": checksum.size,
                "chunks": chunks,
                "options": {"max_chunk_size": chunk_size},
                "headers": {"Content-Type": [media_type]},
                "digest": "SHA-256=" + base64.urlsafe_b64encode(sha256).decode(),
            }
            await self._infos.publish(_info_subject(self._bucket, name), json.dumps(info).encode(), 0, ROLLUP)
            stop_if_cancelled()
        except Stale:
            await asyncio.shield(upload.forget())
            raise Conflict(f"the name {name} is used already: a blob's name is never used twice") from None
        except BaseException:
            await asyncio.shield(self._forget(name, nuid, upload))
            raise
        return BlobRef(
            bucket=self._bucket,
            name=name,
            size=checksum.size,
            sha256=sha256.hex(),
            media_type=media_type,
            filename=filename,
        )

    async def chunks(self, ref: BlobRef) -> AsyncGenerator[bytes, None]:
        """What is stored for `ref`, chunk by chunk, not checked.

        Raises:
            NotFound: the blob is gone.
            BackendUnavailable: the object store stopped answering (retryable).
        """
        info = await self._info(ref.bucket, ref.name)
        count = _number(info, "chunks")
        largest = max(1, _number(info, "size") // max(1, count))
        at_once = max(1, min(MOST_IN_FLIGHT, IN_FLIGHT * CHUNK // largest))
        pulled = pulled_chunks(self._connection, ref.bucket, str(info["nuid"]), count, at_once)
        try:
            async with aclosing(pulled) as chunks:
                async for chunk in chunks:
                    yield chunk
        except ChunksGone as error:
            raise _gone(ref.bucket, ref.name) from error

    async def find(self, name: str) -> BlobRef:
        """The reference of the blob `name`, as the object store describes it.

        Raises:
            NotFound: there is none of that name.
            BadBackendAnswer: it is described in a way that cannot be understood.
        """
        info = await self._info(self._bucket, name)
        headers = info.get("headers")
        types = headers.get("Content-Type") if isinstance(headers, dict) else None
        return BlobRef(
            bucket=self._bucket,
            name=name,
            size=_number(info, "size"),
            sha256=_sha256(info),
            media_type=str(types[0]) if types else "application/octet-stream",
            filename=PurePosixPath(name).name,
        )

    async def _info(self, bucket: str, name: str) -> dict[str, Any]:
        try:
            message = await self._js.get_last_msg(f"OBJ_{bucket}", _info_subject(bucket, name))
        except (NotFoundError, NoRespondersError, ServiceUnavailableError) as error:
            raise _gone(bucket, name) from error
        except (NatsError, TimeoutError) as error:
            raise BackendUnavailable(f"the object store {bucket} does not answer") from error
        try:
            info = json.loads(message.data or b"{}")
        except ValueError as error:
            raise BadBackendAnswer(f"the description of {name} is no JSON") from error
        if not isinstance(info, dict):
            raise BadBackendAnswer(f"the description of {name} is no JSON object")
        if info.get("deleted") or not info.get("nuid"):
            raise _gone(bucket, name)
        return info

    async def _forget(self, name: str, nuid: str, upload: ObjectUpload) -> None:
        """Give the room back, also where the description was stored and nobody heard of it."""
        await upload.forget()
        try:
            info = await self._info(self._bucket, name)
            if info["nuid"] == nuid:
                await purge(self._connection, self._stream, _info_subject(self._bucket, name))
        except (NotFound, BadBackendAnswer, BackendUnavailable):
            return


def _info_subject(bucket: str, name: str) -> str:
    return f"$O.{bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"


def _gone(bucket: str, name: str) -> NotFound:
    days = KEPT_SECONDS // 86400
    return NotFound(f"there is no blob {name!r} in {bucket}: blobs are kept for {days} days")


def _number(info: dict[str, Any], name: str) -> int:
    number = info.get(name) or 0
    if not isinstance(number, int) or number < 0:
        raise BadBackendAnswer(f"the object store describes a blob with {name} {str(number)[:100]!r}")
    return number


def _sha256(info: dict[str, Any]) -> str:
    kind, _, digest = str(info.get("digest") or "").partition("=")
    try:
        sha256 = base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4))
    except (binascii.Error, ValueError):
        sha256 = b""
    if kind.upper() != "SHA-256" or len(sha256) != 32:
        raise BadBackendAnswer("the object store describes a blob without a SHA-256 that can be read")
    return sha256.hex()
