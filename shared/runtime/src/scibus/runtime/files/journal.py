"""Which files the attempts at a job have finished: a part of its checkpoint, and blobs where they are many."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Generic, Self, TypeVar

from scibus.bus.blobs import Blobs
from scibus.contracts.blobs import BlobRef
from scibus.contracts.model import Contract
from scibus.contracts.problems import BadBackendAnswer, NotFound
from scibus.runtime.jobs.job import Job

SAVE_SECONDS = 1.0
MOST_BYTES = 256 * 1024
"""Of files in the checkpoint itself; more go into a blob."""

File = TypeVar("File", bound=Contract)


class FileNotes(Contract, Generic[File]):
    """What is saved; a job that has more to note has it in a model derived from this one.

    The files of `manifests` come before `files`.
    """

    manifests: list[BlobRef] = []
    files: list[File] = []


Notes = TypeVar("Notes", bound=FileNotes[Any])


class FileJournal(Generic[Notes, File]):
    """The files that are finished, now or by earlier attempts, each under a key of its own.

    Args:
        job: whose checkpoint it is. Nobody else may save one.
        blobs: where files go that do not fit into it any more.
        notes: what was saved.
        key: what a file is found by.
    """

    def __init__(self, job: Job, blobs: Blobs, notes: Notes, key: Callable[[File], str]) -> None:
        self._job = job
        self._blobs = blobs
        self._key = key
        self._notes = notes
        self._manifests = notes.manifests
        self._files: list[File] = list(notes.files)
        self._bytes = sum(map(_size, self._files))
        self._finished = {key(file): file for file in self._files}
        self._saved = time.monotonic()
        self._is_saved = True
        self._saving = asyncio.Lock()

    @classmethod
    async def open(cls, job: Job, blobs: Blobs, model: type[Notes], key: Callable[[File], str]) -> Self:
        """What earlier attempts have left; a manifest that is gone costs no more than doing its files again."""
        notes = job.restored(model) or model()
        journal = cls(job, blobs, notes, key)
        earlier: dict[str, File] = {}
        for ref in notes.manifests:
            with suppress(NotFound, BadBackendAnswer):
                content = b"".join([chunk async for chunk in blobs.read(ref)])
                earlier |= {key(file): file for file in model.model_validate_json(content).files}
        journal._finished = earlier | journal._finished
        return journal

    @property
    def notes(self) -> Notes:
        """What was noted last, beside the files."""
        return self._notes

    def finished(self, key: str) -> File | None:
        """The file that was finished under `key`; of several the last one."""
        return self._finished.get(key)

    async def note(self, notes: Notes) -> None:
        """Save what `notes` tell beside the files, and the files with it."""
        self._notes = notes
        await self._save()

    async def add(self, file: File) -> None:
        """Note a file that is finished; saved within a second or so, if `save_due` is called as often."""
        self._finished[self._key(file)] = file
        self._files.append(file)
        self._bytes += _size(file)
        self._is_saved = False
        await self.save_due()

    async def save_due(self) -> None:
        """Save the files that were finished since the last time, if that was a second ago."""
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            await self.save()

    async def save(self) -> None:
        """Save the files that were finished since the last time."""
        if not self._is_saved:
            await self._save()

    async def _save(self) -> None:
        async with self._saving:
            self._saved, self._is_saved = time.monotonic(), True
            try:
                if self._bytes > MOST_BYTES:
                    await self._fold()
                files = {"manifests": self._manifests, "files": self._files}
                await self._job.checkpoint(self._notes.model_copy(update=files))
            except BaseException:
                self._is_saved = False
                raise

    async def _fold(self) -> None:
        """Put the files of the checkpoint into a blob."""
        files = list(self._files)
        body = FileNotes[Any](files=files).model_dump_json(include={"files"}).encode()
        name = self._job.blob_name("manifest.json")
        ref = await self._blobs.put(name, _once(body), media_type="application/json")
        self._manifests = [*self._manifests, ref]
        self._files = self._files[len(files) :]
        self._bytes = sum(map(_size, self._files))


def _size(file: Contract) -> int:
    return len(file.model_dump_json())


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
