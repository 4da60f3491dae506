"""The checkpoint of an export job: its order, and the files that were fetched."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Self

from scibus.bus.blobs import Blobs
from scibus.contracts import Contract
from scibus.contracts.blobs import BlobRef
from scibus.contracts.drms import ExportedFile, ExportOrder
from scibus.contracts.problems import BadBackendAnswer, NotFound
from scibus.drms.exports.notes import OrderNotes
from scibus.drms.orders import is_quick
from scibus.runtime import Job

SAVE_SECONDS = 1.0
MOST_BYTES = 256 * 1024
"""Of files in the checkpoint itself; more go into a blob."""


class ExportNotes(Contract):
    """What is saved. The files of `manifests` come before `files`."""

    order: OrderNotes = OrderNotes()
    manifests: list[BlobRef] = []
    files: list[ExportedFile] = []


class Manifest(Contract):
    """Files that did not fit into the checkpoint any more."""

    files: list[ExportedFile]


def noted_order(job: Job) -> OrderNotes:
    """What the attempts have noted of their order."""
    return (job.restored(ExportNotes) or ExportNotes()).order


class ExportJournal:
    """What the attempts at one export have done so far, and tell meanwhile."""

    def __init__(self, job: Job, blobs: Blobs, notes: ExportNotes) -> None:
        self._job = job
        self._blobs = blobs
        self._order = notes.order
        self._manifests = notes.manifests
        self._files = list(notes.files)
        self._bytes = sum(map(_size, notes.files))
        self._fetched = {file.url: file for file in notes.files}
        self._saved = time.monotonic()
        self._is_saved = True
        self._saving = asyncio.Lock()

    @classmethod
    async def open(cls, job: Job, blobs: Blobs) -> Self:
        """What earlier attempts have left; a manifest that is gone costs no more than fetching again."""
        notes = job.restored(ExportNotes) or ExportNotes()
        journal = cls(job, blobs, notes)
        for ref in notes.manifests:
            with suppress(NotFound, BadBackendAnswer):
                content = b"".join([chunk async for chunk in blobs.read(ref)])
                journal._fetched |= {file.url: file for file in Manifest.model_validate_json(content).files}
        return journal

    @property
    def order(self) -> OrderNotes:
        """What was noted of the order last."""
        return self._order

    def turn(self, order: ExportOrder, server: str) -> AbstractAsyncContextManager[None]:
        """The turn of the order's address: a server exports for each address one order at a time."""
        if is_quick(order) or self._order.finished:
            return nullcontext()
        return self._job.wait_turn(f"{server}:{order.notify.lower()}")

    def fetched(self, url: str) -> ExportedFile | None:
        """The file that was fetched from `url`."""
        return self._fetched.get(url)

    async def note(self, order: OrderNotes) -> None:
        """Save what is known of the order."""
        self._order = order
        await self._save()

    async def tell(self, message: str) -> None:
        """Let the job's status say what is waited for."""
        await self._job.progress(0, None, "files", message)

    async def add(self, file: ExportedFile) -> None:
        """Note a file that was fetched; saved within a second or so."""
        self._fetched[file.url] = file
        self._files.append(file)
        self._bytes += _size(file)
        self._is_saved = False
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            await self.save()

    async def save(self) -> None:
        """Save the files that were fetched since the last time."""
        if not self._is_saved:
            await self._save()

    async def _save(self) -> None:
        async with self._saving:
            self._saved, self._is_saved = time.monotonic(), True
            try:
                if self._bytes > MOST_BYTES:
                    await self._fold()
                await self._job.checkpoint(ExportNotes(order=self._order, manifests=self._manifests, files=self._files))
            except BaseException:
                self._is_saved = False
                raise

    async def _fold(self) -> None:
        """Put the files of the checkpoint into a blob."""
        files = list(self._files)
        body = Manifest(files=files).model_dump_json().encode()
        name = self._job.blob_name("manifest.json")
        ref = await self._blobs.put(name, _once(body), media_type="application/json")
        self._manifests = [*self._manifests, ref]
        self._files = self._files[len(files) :]
        self._bytes = sum(map(_size, self._files))


def _size(file: ExportedFile) -> int:
    return len(file.model_dump_json())


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
