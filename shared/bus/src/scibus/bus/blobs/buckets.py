"""Blobs as objects in a bucket of an S3-compatible store."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing, suppress

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store
from pydantic import ValidationError

from scibus.bus.blobs.below import parts_of
from scibus.bus.blobs.bucket_upload import SETTLE_SECONDS, BucketUpload, settled
from scibus.bus.blobs.chunks import CHUNK, Checksum, rechunk
from scibus.bus.blobs.ranges import fetched_ranges
from scibus.bus.blobs.refusals import told_as_problems
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BadBackendAnswer, Conflict, InvalidRequest

LARGEST_REFERENCE = 64 * 1024
LONGEST_KEY = 1024
"""Bytes, the prefix of the bucket's URL included."""
STEP_SECONDS = 60.0
WRITER = "scibus-writer"
"""The attribute of a reference that tells whose it is."""


class BucketBlobs:
    """The blobs in one bucket.

    `<prefix>/<bucket>/<name>` is the content, and appears when it is whole; `<prefix>/<bucket>.refs/<name>` the
    reference as JSON, which takes the name for its writer, and serves those who only know the name. Nothing expires:
    whoever runs the bus sets rules of the bucket that remove old objects, and uploads whose writer died.

    Args:
        store: the S3 bucket.
        bucket: where in it new blobs go and blobs are found by name.
    """

    def __init__(self, store: S3Store, bucket: str) -> None:
        self._store = store
        self._bucket = bucket

    async def put(
        self, name: str, content: AsyncIterable[bytes], *, media_type: str, filename: str | None = None
    ) -> BlobRef:
        """Store `content` under `name`, and return the reference.

        Raises:
            Conflict: the name is used already.
            InvalidRequest: the name cannot be that of an object.
            TooLarge: no object can be as large.
            Unauthenticated, Forbidden: the keys are missing, wrong or not enough.
            NotFound: there is no such bucket.
            BackendUnavailable: the bucket did not take the content (retryable).
        """
        key = self._key(self._bucket, name)
        upload = BucketUpload(self._store, key, {"Content-Type": _as_header(media_type)})
        claim = _Claim(self._store, self._key(f"{self._bucket}.refs", name))
        checksum = Checksum()
        try:
            async with aclosing(rechunk(content, CHUNK)) as cut:
                async for chunk in cut:
                    await checksum.add(chunk)
                    with told_as_problems(name, writing=True):
                        await upload.write(chunk)
            ref = BlobRef(
                store="s3",
                bucket=self._bucket,
                name=name,
                size=checksum.size,
                sha256=(await checksum.digest()).hex(),
                media_type=media_type,
                filename=filename,
            )
            with told_as_problems(name, writing=True):
                await claim.take(ref.model_dump_json().encode())
                if await _is_there(self._store, key):
                    raise Conflict(f"the name {name} is used already: a blob's name is never used twice")
                claim.covers(key)
                await upload.complete()
        except BaseException:
            await settled(_forgotten(upload, claim))
            raise
        return ref

    async def chunks(self, ref: BlobRef) -> AsyncGenerator[bytes, None]:
        """What is stored for `ref`, chunk by chunk, not checked.

        Raises:
            NotFound: the blob is gone.
            InvalidRequest: its name cannot be that of an object.
            Unauthenticated, Forbidden: the keys are missing, wrong or not enough.
            BackendUnavailable: the bucket stopped answering (retryable).
        """
        key = self._key(ref.bucket, ref.name)
        with told_as_problems(ref.name):
            async with asyncio.timeout(STEP_SECONDS):
                size = (await obstore.head_async(self._store, key))["size"]
        async with aclosing(fetched_ranges(self._store, key, ref.name, size)) as ranges:
            async for content in ranges:
                yield content

    async def find(self, name: str) -> BlobRef:
        """The reference of the blob `name`, as it was put.

        Raises:
            NotFound: there is none of that name, or not yet.
            InvalidRequest: the name cannot be that of an object.
            Unauthenticated, Forbidden: the keys are missing, wrong or not enough.
            BadBackendAnswer: what lies there is no reference to it.
            BackendUnavailable: the bucket does not answer (retryable).
        """
        with told_as_problems(name):
            async with asyncio.timeout(STEP_SECONDS):
                found = await obstore.get_async(self._store, self._key(f"{self._bucket}.refs", name))
                if found.meta["size"] > LARGEST_REFERENCE:
                    raise BadBackendAnswer(f"the reference to {name} in the bucket is too large to be one")
                text = bytes(await found.bytes_async())
                # The reference is there a moment before the content is.
                await obstore.head_async(self._store, self._key(self._bucket, name))
        try:
            ref = BlobRef.model_validate_json(text)
        except ValidationError as error:
            raise BadBackendAnswer(f"the reference to {name} in the bucket cannot be read") from error
        if (ref.store, ref.bucket, ref.name) != ("s3", self._bucket, name):
            raise BadBackendAnswer(f"the reference to {name} in the bucket is one to {ref.name}")
        return ref

    def _key(self, bucket: str, name: str) -> str:
        key = "/".join((bucket, *parts_of(name)))
        if len(f"{self._store.prefix or ''}/{key}".encode()) > LONGEST_KEY:
            raise InvalidRequest(f"{name[:200]!r} cannot be the name of an object: it is too long")
        return key


class _Claim:
    """The reference of a blob that is being written: of two writers one has it."""

    def __init__(self, store: S3Store, key: str) -> None:
        self._store = store
        self._key = key
        self._writer = uuid.uuid4().hex
        self._tried = False
        self._covered: list[str] = []

    async def take(self, reference: bytes) -> None:
        """Put `reference` where none is; raises AlreadyExistsError where one is."""
        attributes = {"Content-Type": "application/json", WRITER: self._writer}
        self._tried = True
        try:
            await settled(obstore.put_async(self._store, self._key, reference, mode="create", attributes=attributes))
        except NotImplementedError:
            # A store without conditional writes, as AWS_CONDITIONAL_PUT=disabled says: as good as it can be.
            if await _is_there(self._store, self._key):
                raise AlreadyExistsError from None
            await settled(obstore.put_async(self._store, self._key, reference, attributes=attributes))
        except AlreadyExistsError:
            # Its own, where the answer was lost and the library asked again.
            if not await self._is_own():
                raise

    def covers(self, key: str) -> None:
        """From now on the object `key` is this writer's too."""
        self._covered.append(key)

    async def withdraw(self) -> None:
        """Take away what was put, and nothing that is somebody else's; raises what obstore does."""
        if self._tried and await self._is_own():
            for key in (*self._covered, self._key):
                await obstore.delete_async(self._store, key)

    async def _is_own(self) -> bool:
        try:
            found = await obstore.get_async(self._store, self._key, options={"head": True})
        except FileNotFoundError:
            return False
        return found.attributes.get(WRITER) == self._writer


async def _forgotten(upload: BucketUpload, claim: _Claim) -> None:
    """What cannot be removed now, the rules of the bucket remove."""
    await upload.abort()
    with suppress(BaseError, OSError):
        async with asyncio.timeout(SETTLE_SECONDS):
            await claim.withdraw()


async def _is_there(store: S3Store, key: str) -> bool:
    try:
        async with asyncio.timeout(STEP_SECONDS):
            await obstore.head_async(store, key)
    except FileNotFoundError:
        return False
    return True


def _as_header(media_type: str) -> str:
    # In a header that cannot be sent, the library ends its thread.
    return media_type if media_type.isascii() and media_type.isprintable() else "application/octet-stream"
