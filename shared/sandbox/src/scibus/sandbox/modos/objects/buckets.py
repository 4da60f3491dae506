"""Keys and contents of the buckets."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

import obstore
from obstore.store import ObjectStore

from .place import FolderPlace, Place

WRITES_AT_ONCE = 32
COPIES_KEPT = 16


class Buckets:
    """Reads and writes objects at `place`; local copies, where they are needed, go below `copies`."""

    def __init__(self, place: Place, copies: Path) -> None:
        self.place = place
        self._copies = copies
        self._stores: dict[str, ObjectStore] = {}
        self._writing = asyncio.Semaphore(WRITES_AT_ONCE)
        self._kept: dict[Path, None] = {}

    async def make(self, *buckets: str) -> None:
        for bucket in buckets:
            await asyncio.to_thread(self.place.make, bucket)

    async def keys(self, bucket: str, prefix: str | None = None) -> list[str]:
        """In the order in which S3 lists them."""
        entries = await obstore.list(self._store(bucket), prefix).collect_async()
        return sorted(str(entry["path"]) for entry in entries)

    async def read(self, bucket: str, key: str) -> bytes | None:
        """None when there is no such object."""
        try:
            answer = await obstore.get_async(self._store(bucket), key)
        except FileNotFoundError:
            return None
        return bytes(await answer.bytes_async())

    async def write(self, bucket: str, contents: Mapping[str, bytes]) -> None:
        """Write all of `contents`, which are by key."""
        store = self._store(bucket)

        async def put(key: str, content: bytes) -> None:
            async with self._writing:
                await obstore.put_async(store, key, content)

        async with asyncio.TaskGroup() as group:
            for key, content in contents.items():
                group.create_task(put(key, content))

    async def upload(self, bucket: str, key: str, file: Path) -> None:
        """Write a large file."""
        await obstore.put_async(self._store(bucket), key, file)

    async def delete(self, bucket: str, key: str) -> None:
        await obstore.delete_async(self._store(bucket), key)

    async def local(self, bucket: str, key: str) -> Path | None:
        """The object as a file, a copy of it where it lies on a server; None when there is no such object."""
        if isinstance(self.place, FolderPlace):
            file = self.place.folder / bucket / key
            return file if await asyncio.to_thread(file.is_file) else None
        try:
            about = await obstore.head_async(self._store(bucket), key)
        except FileNotFoundError:
            return None
        version = hashlib.sha256(f"{bucket}/{key}/{about['e_tag']}".encode()).hexdigest()
        copy = self._copies / version / key.rpartition("/")[2]
        if not copy.exists():
            await self._download(bucket, key, copy)
        return copy

    async def _download(self, bucket: str, key: str, copy: Path) -> None:
        await asyncio.to_thread(copy.parent.mkdir, parents=True, exist_ok=True)
        # Of its own: several may ask for one file at once.
        part = copy.with_name(f"{copy.name}.{uuid.uuid4().hex}.part")
        answer = await obstore.get_async(self._store(bucket), key)
        with part.open("wb") as file:
            async for chunk in answer.stream():
                await asyncio.to_thread(file.write, chunk)
        part.rename(copy)
        self._kept[copy] = None
        while len(self._kept) > COPIES_KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            await asyncio.to_thread(shutil.rmtree, oldest.parent, ignore_errors=True)

    def _store(self, bucket: str) -> ObjectStore:
        if bucket not in self._stores:
            self._stores[bucket] = self.place.open(bucket)
        return self._stores[bucket]
