"""Blobs as files below a folder that workers and readers share, such as a mounted volume."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from scibus.bus.blobs.below import opened, parts_of, told_as_problems
from scibus.bus.blobs.blocking import to_its_end
from scibus.bus.blobs.chunks import CHUNK, Checksum, rechunk
from scibus.bus.blobs.unfinished import Unfinished
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BadBackendAnswer

LARGEST_REFERENCE = 64 * 1024


class FileBlobs:
    """The blobs below one folder.

    `<folder>/<bucket>/<name>` is the content, and appears when it is whole; `<folder>/<bucket>.refs/<name>` the
    reference as JSON, for those who only know the name; `<folder>/<bucket>.part/` what is being written, or was when
    its writer died. Nothing expires: whoever runs the bus removes old files by their age, from all three.

    Args:
        folder: on a file system with hard links, which local ones, NFS, CephFS and Lustre have.
        bucket: where new blobs go and blobs are found by name.
    """

    def __init__(self, folder: Path, bucket: str) -> None:
        self._folder = folder
        self._bucket = bucket
        self._place = f"{bucket}.part"

    async def put(
        self, name: str, content: AsyncIterable[bytes], *, media_type: str, filename: str | None = None
    ) -> BlobRef:
        """Store `content` under `name`, and return the reference.

        Raises:
            Conflict: the name is used already.
            InvalidRequest: the name cannot be that of a file below the folder.
            BadBackendAnswer: the name leads over a link.
            BackendUnavailable: the folder did not take the content (retryable).
            Unsupported: the folder's file system has no hard links.
        """
        parts = parts_of(name)
        unfinished, reference = (Unfinished(self._folder, self._place) for _ in range(2))
        checksum = Checksum()
        try:
            async with aclosing(rechunk(content, CHUNK)) as cut:
                async for chunk in cut:
                    await checksum.add(chunk)
                    with told_as_problems(name, writing=True):
                        await to_its_end(partial(unfinished.write, chunk))
            ref = BlobRef(
                store="file",
                bucket=self._bucket,
                name=name,
                size=checksum.size,
                sha256=(await checksum.digest()).hex(),
                media_type=media_type,
                filename=filename,
            )
            with told_as_problems(name, writing=True):
                await to_its_end(partial(unfinished.keep, (self._bucket, *parts)))
                await to_its_end(partial(reference.write, ref.model_dump_json().encode()))
                await to_its_end(partial(reference.keep, (f"{self._bucket}.refs", *parts)))
        except BaseException:
            await _removed(reference.withdraw, unfinished.withdraw)
            raise
        finally:
            await _removed(reference.close, unfinished.close)
        return ref

    async def chunks(self, ref: BlobRef) -> AsyncGenerator[bytes, None]:
        """What is stored for `ref`, chunk by chunk, not checked.

        Raises:
            NotFound: the blob is gone.
            InvalidRequest: its name cannot be that of a file below the folder.
            BadBackendAnswer: its name leads over a link, or to something that is no file.
            BackendUnavailable: the folder cannot be read (retryable).
        """
        path = (ref.bucket, *parts_of(ref.name))
        with told_as_problems(ref.name):
            file = await to_its_end(partial(opened, self._folder, path))
        try:
            while True:
                with told_as_problems(ref.name):
                    chunk = await to_its_end(partial(file.read, CHUNK))
                if not chunk:
                    return
                yield chunk
        finally:
            await to_its_end(file.close)

    async def find(self, name: str) -> BlobRef:
        """The reference of the blob `name`, as it was put.

        Raises:
            NotFound: there is none of that name.
            InvalidRequest: the name cannot be that of a file below the folder.
            BadBackendAnswer: what lies there is no reference to it.
        """
        path = (f"{self._bucket}.refs", *parts_of(name))
        with told_as_problems(name):
            text = await to_its_end(partial(_read, self._folder, path))
        try:
            ref = BlobRef.model_validate_json(text)
        except ValidationError as error:
            raise BadBackendAnswer(f"the reference to {name} in the folder cannot be read") from error
        if (ref.store, ref.bucket, ref.name) != ("file", self._bucket, name):
            raise BadBackendAnswer(f"the reference to {name} in the folder is one to {ref.name}")
        return ref


async def _removed(*removals: Callable[[], None]) -> None:
    """What cannot be removed now lies where the operator removes it."""
    for removal in removals:
        with suppress(OSError):
            await to_its_end(removal)


def _read(folder: Path, path: tuple[str, ...]) -> bytes:
    with opened(folder, path) as file:
        return file.read(LARGEST_REFERENCE)
