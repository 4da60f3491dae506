"""An object out of blobs into the object store, where it is seen when it is whole."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, nullcontext, suppress
from typing import TYPE_CHECKING, Self

from scibus.bus.blobs import Blobs
from scibus.contracts.blobs import BlobRef
from scibus.contracts.modos import S3Path, TransferredFile, TransferredObject, UploadFile
from scibus.contracts.problems import BackendUnavailable, Problem
from scibus.modos.transfer.journal import TransferJournal, name_of, open_journal
from scibus.modos.transfer.listing import key_of
from scibus.modos.transfer.parted import PART
from scibus.modos.transfer.storing import Storing
from scibus.modos.zarr_metadata import ZARR3
from scibus.runtime import Job
from scibus.runtime.files import each_done

if TYPE_CHECKING:
    from obstore.store import ObjectStore

AT_ONCE = 3
"""Files under way. Of those that go in parts there is one at a time, of which several parts are."""


class Upload:
    """Stores the files of one object. What else the object has stays as it is.

    Args:
        store: the bucket of the object.
        place: the object.
        job: who orders it.
        blobs: where the contents are.
        journal: which of them earlier attempts have stored.
    """

    def __init__(self, store: "ObjectStore", place: S3Path, job: Job, blobs: Blobs, journal: TransferJournal) -> None:
        self._storing = Storing(store, self._content)
        self._place = place
        self._job = job
        self._blobs = blobs
        self._journal = journal
        self._large = asyncio.Lock()
        self._done, self._total = 0, 0
        self._under_way: dict[str, int] = {}

    @classmethod
    async def open(cls, store: "ObjectStore", place: S3Path, job: Job, blobs: Blobs) -> Self:
        """The same with the journal of earlier attempts."""
        return cls(store, place, job, blobs, await open_journal(job, blobs))

    async def of(self, files: Sequence[UploadFile], *, overwrite: bool = False) -> TransferredObject:
        """Store `files`; those that are there already with the same content are left.

        Raises:
            Conflict: a file is there with another content, and shall not be overwritten.
            NotFound: a blob is gone, or there is no such bucket.
            Forbidden: the worker's key is missing or wrong, or does not allow it.
            BadBackendAnswer: a blob is damaged.
            BackendUnavailable: the store did not take a file (retryable); those that are stored stay.
        """
        self._total = sum(file.blob.size for file in files)

        async def store(file: UploadFile) -> TransferredFile:
            return await self._stored(file, overwrite=overwrite)

        named = {file.name: file for file in files}
        mark = [named.pop(ZARR3)] if ZARR3 in named else []
        try:
            rest = [named[name] for name in sorted(named)]
            stored = await each_done(rest, store, at_once=AT_ONCE, tell=self._tell)
            stored += await each_done(mark, store, at_once=1, tell=self._tell)
        except Problem:
            with suppress(BackendUnavailable):
                await self._journal.save()
            raise
        return TransferredObject(path=str(self._place), files=sorted(stored, key=name_of))

    async def _stored(self, file: UploadFile, *, overwrite: bool) -> TransferredFile:
        noted = self._journal.finished(file.name)
        known = noted.e_tag if noted and noted.sha256 == file.blob.sha256 else None
        async with self._large if file.blob.size > PART else nullcontext():
            e_tag = await self._storing.stored(
                key_of(self._place, file.name),
                f"{self._place}/{file.name}",
                file.blob,
                overwrite=overwrite,
                known=known,
            )
        stored = TransferredFile(
            name=file.name, size=file.blob.size, sha256=file.blob.sha256, e_tag=e_tag, blob=file.blob
        )
        await self._journal.add(stored)
        self._under_way.pop(file.blob.name, None)
        self._done += file.blob.size
        return stored

    async def _content(self, blob: BlobRef) -> AsyncGenerator[bytes, None]:
        """What `blob` holds, counted in the job's progress."""
        self._under_way[blob.name] = 0
        async with aclosing(self._blobs.read(blob)) as chunks:
            async for chunk in chunks:
                yield chunk
                self._under_way[blob.name] = self._under_way.get(blob.name, 0) + len(chunk)
                await self._tell()

    async def _tell(self, _files: int = 0) -> None:
        done = self._done + sum(self._under_way.values())
        await self._job.progress(done, self._total, "bytes", "storing")
        await self._journal.save_due()
