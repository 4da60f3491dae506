"""Blobs: what is too large for a message, streamed into and out of a store that caller and worker share."""

import asyncio
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, Self

from nats.aio.client import Client

from scibus.bus.blobs.blocking import to_its_end
from scibus.bus.blobs.chunks import Checksum
from scibus.bus.blobs.files import FileBlobs
from scibus.bus.blobs.objects import BUCKET, KEPT_SECONDS, ObjectBlobs
from scibus.bus.s3 import open_bucket
from scibus.bus.settings import BusSettings
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BadBackendAnswer, InvalidRequest, NotFound, Unsupported

__all__ = ["BUCKET", "KEPT_SECONDS", "Blobs"]

BUCKET_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


Kind = Literal["nats", "file", "s3"]


class Place(Protocol):
    """One store of blobs."""

    async def put(
        self, name: str, content: AsyncIterable[bytes], *, media_type: str, filename: str | None = None
    ) -> BlobRef: ...

    def chunks(self, ref: BlobRef) -> AsyncGenerator[bytes, None]: ...

    async def find(self, name: str) -> BlobRef: ...


class Blobs:
    """The blobs of one bus, in the object store, a folder or an S3 bucket: a reference tells which.

    Args:
        connection: to NATS.
        bucket: name of the object store, or of the folder in the folder and in the S3 bucket.
        create: whether `put` may make an object store that is missing, as after a server lost its data.
        folder: where blobs lie as files; None where this process has no such folder.
        url: of the S3 bucket; None where this process has none.
        new_in: where `put` writes to.
    """

    def __init__(
        self,
        connection: Client,
        bucket: str = BUCKET,
        *,
        create: bool = False,
        folder: Path | None = None,
        url: str | None = None,
        new_in: Kind = "nats",
    ) -> None:
        self._connection = connection
        self._bucket = bucket
        self._objects = ObjectBlobs(connection, bucket, create=create)
        self._places: dict[Kind, Place] = {"nats": self._objects}
        if folder:
            self._places["file"] = FileBlobs(folder, bucket)
        self._url = url
        self._new_in = new_in

    @classmethod
    def of(cls, connection: Client, settings: BusSettings, *, create: bool = False) -> Self:
        """The blobs as `settings` place them."""
        return cls(
            connection,
            create=create,
            folder=settings.blob_folder,
            url=settings.blob_url,
            new_in=settings.blob_store,
        )

    @property
    def largest_message(self) -> int:
        """Bytes that one message may hold, headers included."""
        return self._connection.max_payload

    def new_name(self, *parts: str) -> str:
        """A name that was never used before: `parts`, with a random one before the last."""
        return "/".join([*parts[:-1], self._connection._nuid.next().decode(), parts[-1]])

    async def ensure_bucket(self) -> None:
        """Make the object store, if there is none and this object may.

        Raises:
            TooLarge: there is none, so that it takes nothing that is larger than a message.
            BackendUnavailable: JetStream does not answer (retryable).
        """
        await self._objects.ensure_bucket()

    async def put(
        self, name: str, content: AsyncIterable[bytes], *, media_type: str, filename: str | None = None
    ) -> BlobRef:
        """Store `content` under `name`, which must be new, and return the reference. `content` is closed in the end.

        Raises:
            Conflict: the name is used already.
            TooLarge: the bus has no object store, so that nothing larger than a message can travel.
            InvalidRequest: a file or object cannot have that name.
            BackendUnavailable: the store did not take the content (retryable).
            Unauthenticated, Forbidden: the keys of the S3 bucket are missing, wrong or not enough.
            Unsupported: the folder's file system has no hard links, or the library for S3 is not installed.
        """
        return await self._place(self._new_in).put(name, content, media_type=media_type, filename=filename)

    async def read(self, ref: BlobRef) -> AsyncGenerator[bytes, None]:
        """The content of `ref`, chunk by chunk; checked when the last one was taken.

        Raises:
            NotFound: the blob is gone.
            BadBackendAnswer: size or SHA-256 differ from the reference, or it leads out of the folder.
            BackendUnavailable: the store stopped answering (retryable).
            InvalidRequest: the reference names what cannot be a blob.
            Unauthenticated, Forbidden: the keys of the S3 bucket are missing, wrong or not enough.
            Unsupported: the blob lies in a folder or bucket that this process does not have.
        """
        checksum = Checksum()
        async with aclosing(self._place_of(ref).chunks(ref)) as chunks:
            async for chunk in chunks:
                await checksum.add(chunk)
                if checksum.size > ref.size:
                    raise BadBackendAnswer(f"the blob {ref.name} is damaged: it has more than its {ref.size} bytes")
                yield chunk
        sha256 = (await checksum.digest()).hex()
        if (checksum.size, sha256) != (ref.size, ref.sha256):
            raise BadBackendAnswer(
                f"the blob {ref.name} is damaged: {checksum.size} bytes with SHA-256 {sha256}, "
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
        temporary = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with await to_its_end(lambda: temporary.open("xb")) as file:
                async with aclosing(self.read(ref)) as chunks:
                    async for chunk in chunks:
                        await to_its_end(partial(file.write, chunk))
            await to_its_end(partial(temporary.replace, path))
        finally:
            await to_its_end(partial(temporary.unlink, missing_ok=True))
        return path

    async def find(self, name: str) -> BlobRef:
        """The reference of the blob `name`, as the store describes it that has it.

        Raises:
            NotFound: none has one of that name.
            BadBackendAnswer: it is described in a way that cannot be understood.
            BackendUnavailable: the store does not answer (retryable).
            InvalidRequest: a file or object cannot have that name.
            Unauthenticated, Forbidden: the keys of the S3 bucket are missing, wrong or not enough.
            Unsupported: the library for S3 is not installed.
        """
        kinds = dict.fromkeys((self._new_in, *self._places))
        if self._url:
            kinds["s3"] = None
        *others, last = kinds
        for kind in others:
            with suppress(NotFound):
                return await self._place(kind).find(name)
        return await self._place(last).find(name)

    def _place_of(self, ref: BlobRef) -> Place:
        if not BUCKET_NAME.fullmatch(ref.bucket):
            raise InvalidRequest(f"{ref.bucket[:100]!r} cannot be the name of a bucket")
        return self._place(ref.store)

    def _place(self, kind: Kind) -> Place:
        if kind == "s3" and kind not in self._places:
            self._places[kind] = self._bucket_at(self._url)
        if kind not in self._places:
            raise Unsupported("the blob lies in a folder: set SCIBUS_BLOB_FOLDER to where that is mounted here")
        return self._places[kind]

    def _bucket_at(self, url: str | None) -> Place:
        """Opened when it is first used: only then its library must be there."""
        if url is None:
            raise Unsupported("the blob lies in an S3 bucket: set SCIBUS_BLOB_URL to it, and the AWS_* variables")
        try:
            store = open_bucket(url)
        except ValueError as error:
            raise Unsupported(f"SCIBUS_BLOB_URL cannot be used: {error}") from None
        from scibus.bus.blobs.buckets import BucketBlobs

        return BucketBlobs(store, self._bucket)
