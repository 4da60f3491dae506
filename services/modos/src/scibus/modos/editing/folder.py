"""The keys of one object in a store: read with their ETag, and written only where nobody else wrote meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import ObjectStore, S3Store

from scibus.contracts.problems import Conflict, NotFound, TooLarge
from scibus.modos.store_faults import told_as_problems
from scibus.modos.transfer.listing import StoredFile
from scibus.modos.transfer.parted import PART, PartedUpload
from scibus.modos.transfer.reading import Changed, FileContent

STEP_SECONDS = 60.0
SLOWEST = 64 * 1024
"""Bytes a second at which a file is still waited for."""
AT_ONCE = 16
"""Requests at a time."""
MOST_METADATA = 64 * 1024 * 1024


class Content(NamedTuple):
    """What was read, and the ETag that it had."""

    data: bytes
    e_tag: str | None


class Folder:
    """The keys below a prefix.

    Args:
        store: an S3 bucket or a local folder, opened by obstore.
        prefix: of all keys, without slashes around it; empty: none.
    """

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self.prefix = prefix.strip("/")

    def key(self, name: str) -> str:
        """The key of the file `name` in the store."""
        return f"{self.prefix}/{name}" if self.prefix else name

    async def read(self, name: str) -> Content:
        """A small file, whole.

        Raises:
            NotFound: there is none.
            TooLarge: it is not small.
        """
        key = self.key(name)
        with told_as_problems(key):
            async with asyncio.timeout(STEP_SECONDS):
                found = await self._store.get_async(key)
                if found.meta["size"] > MOST_METADATA:
                    raise TooLarge(f"{key} has {found.meta['size']} bytes: metadata have {MOST_METADATA} at most")
                return Content(bytes(await found.bytes_async()), found.meta["e_tag"])

    async def size(self, name: str) -> int | None:
        """Bytes of a file; None: there is none."""
        with suppress(NotFound), told_as_problems(self.key(name)):
            async with asyncio.timeout(STEP_SECONDS):
                return (await self._store.head_async(self.key(name)))["size"]
        return None

    async def sha256(self, name: str) -> str:
        """The SHA-256 of a file's content, in hexadecimal digits.

        Raises:
            NotFound: there is none.
            Conflict: it is changed at the same time (retryable).
        """
        key = self.key(name)
        with told_as_problems(key):
            async with asyncio.timeout(STEP_SECONDS):
                meta = await self._store.head_async(key)
        try:
            return await FileContent(self._store, StoredFile(key, key, meta["size"], meta["e_tag"]), key).sha256()
        except Changed:
            raise changed_meanwhile(key) from None

    async def put(self, name: str, data: bytes, media_type: str | None = None) -> None:
        """Write a small file, whether there is one or not."""
        with told_as_problems(self.key(name)):
            async with asyncio.timeout(STEP_SECONDS):
                await self._store.put_async(self.key(name), data, attributes=self._attributes(media_type) or None)

    async def put_all(self, files: Mapping[str, bytes]) -> None:
        """Write small files, several at a time."""
        room = asyncio.Semaphore(AT_ONCE)

        async def put(name: str, data: bytes) -> None:
            async with room:
                await self.put(name, data)

        await _all_of(put(name, data) for name, data in files.items())

    async def put_stream(
        self, name: str, content: AsyncIterator[bytes], size: int, media_type: str | None = None
    ) -> None:
        """Write a file of about `size` bytes; it is there when it is whole. What `content` raises is raised."""
        if size <= PART:
            # An upload by parts that is killed leaves these behind.
            await self.put(name, b"".join([piece async for piece in content]), media_type)
            return
        key = self.key(name)
        async with PartedUpload(self._store, key, key, size, self._attributes(media_type)) as upload:
            async for piece in content:
                await upload.write(piece)

    async def create(self, name: str, data: bytes) -> None:
        """Write a file where none is.

        Raises:
            Conflict: there is one, and it is another.
        """
        key = self.key(name)
        with told_as_problems(key):
            async with asyncio.timeout(STEP_SECONDS):
                try:
                    await self._store.put_async(key, data, mode="create")
                except AlreadyExistsError:
                    # Its own, where the answer was lost and the library asked again.
                    if (await self.read(name)).data != data:
                        raise Conflict(f"there is {key} already") from None

    async def replace(self, name: str, data: bytes, e_tag: str | None) -> None:
        """Write a file in place of the one that was read with `e_tag`.

        Raises:
            Conflict: it is not that one any more (retryable).
        """
        key = self.key(name)
        with told_as_problems(key):
            async with asyncio.timeout(STEP_SECONDS):
                # Not all stores heed the condition: at least it is seen to hold a moment before.
                if (await self._store.head_async(key))["e_tag"] != e_tag:
                    raise changed_meanwhile(key)
                try:
                    await self._store.put_async(key, data, mode={"e_tag": e_tag} if e_tag else "overwrite")
                except NotImplementedError:
                    await self._store.put_async(key, data)
                except PreconditionError:
                    if (await self.read(name)).data != data:
                        raise changed_meanwhile(key) from None

    async def delete(self, names: Iterable[str]) -> None:
        """Delete files one by one, in order; those that are not there are passed over."""
        for name in names:
            with suppress(NotFound), told_as_problems(self.key(name)):
                async with asyncio.timeout(STEP_SECONDS):
                    await self._store.delete_async(self.key(name))

    async def below(self, name: str) -> list[str]:
        """Names of all files below the folder `name`."""
        cut = len(self.key(""))
        with told_as_problems(self.key(name)):
            async with asyncio.timeout(STEP_SECONDS):
                found = await self._store.list(self.key(name)).collect_async()
        return [entry["path"][cut:] for entry in found]

    def _attributes(self, media_type: str | None) -> dict[str, str]:
        """What is kept beside a file; a local folder has no place for it."""
        return {"Content-Type": media_type} if media_type and isinstance(self._store, S3Store) else {}


def changed_meanwhile(what: str) -> Conflict:
    """Somebody else wrote between reading and writing."""
    return Conflict(f"{what} was changed by somebody else meanwhile: try again", retryable=True)


async def _all_of(tasks: Iterable[Coroutine[Any, Any, None]]) -> None:
    running = [asyncio.ensure_future(task) for task in tasks]
    try:
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
