"""An object out of the object store: each file whole and checked, in a blob of its own."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Self

from scibus.bus.blobs import Blobs
from scibus.contracts.modos import S3Path, TransferredFile, TransferredObject
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, NotFound, Problem
from scibus.modos.transfer.checksum import ObjectChecksum
from scibus.modos.transfer.journal import TransferJournal, open_journal
from scibus.modos.transfer.listing import StoredFile, all_files, named_file, named_files, no_object
from scibus.modos.transfer.reading import Changed, FileContent
from scibus.runtime import Job
from scibus.runtime.files import each_done

if TYPE_CHECKING:
    from obstore.store import ObjectStore

AT_ONCE = 4
"""Files under way, all of them small but one."""
SMALL = 2 * 1024 * 1024
"""Bytes up to which a file is kept in memory."""
TIMES_CHANGED = 4
"""Contents of one file that are begun in vain."""


class Download:
    """Fetches one object. Nothing is ever written to the object store.

    A small file is kept in memory until the checksum has come to it; a large one is fetched when it has; one that an
    earlier attempt has fetched is read back out of its blob.

    Args:
        store: the bucket of the object.
        place: the object.
        job: whose files they are.
        blobs: where they go.
        journal: which of them earlier attempts have fetched.
    """

    def __init__(self, store: "ObjectStore", place: S3Path, job: Job, blobs: Blobs, journal: TransferJournal) -> None:
        self._store = store
        self._place = place
        self._job = job
        self._blobs = blobs
        self._journal = journal
        self._checksum = ObjectChecksum()
        self._done, self._total = 0, 0

    @classmethod
    async def open(cls, store: "ObjectStore", place: S3Path, job: Job, blobs: Blobs) -> Self:
        """The same with the journal of earlier attempts."""
        return cls(store, place, job, blobs, await open_journal(job, blobs))

    async def of(self, names: Sequence[str] = ()) -> TransferredObject:
        """The files `names` of the object; none named: all of them, with the object's checksum.

        Raises:
            NotFound: there is no such object, bucket or file.
            Forbidden: the worker's key is missing or wrong, or does not allow it.
            TooLarge: the object has too many files.
            BadBackendAnswer: one of its files has a name that cannot be used.
            BackendUnavailable: a file cannot be had whole now (retryable); those that came are kept.
        """
        if names:
            files = await named_files(self._store, self._place, names)
        else:
            files = await all_files(self._store, self._place)
        self._total = sum(file.size for file in files)

        async def fetch(numbered: tuple[int, StoredFile]) -> TransferredFile | None:
            try:
                return await self._fetched(*numbered)
            except Problem as problem:
                self._checksum.give_up(problem)
                raise

        try:
            found = await each_done(list(enumerate(files)), fetch, at_once=AT_ONCE, tell=self._tell)
        except Problem:
            with suppress(BackendUnavailable):
                await self._journal.save()
            raise
        whole = [file for file in found if file is not None]
        if not whole:
            raise no_object(self._place)
        return TransferredObject(
            path=str(self._place),
            files=whole,
            checksum=None if names else self._checksum.hexdigest(),
        )

    async def _fetched(self, position: int, file: StoredFile) -> TransferredFile | None:
        """The file, fetched now or by an earlier attempt; None where it is the mark of a folder."""
        known = self._journal.finished(file.name)
        if known and (known.size, known.e_tag) == (file.size, file.e_tag) and file.e_tag is not None:
            # Gone or damaged, it is fetched again.
            with suppress(NotFound, BadBackendAnswer):
                await self._read_back(position, known)
                return known
        for _ in range(TIMES_CHANGED):
            try:
                if file.size <= SMALL:
                    return await self._small(position, file)
                return await self._large(position, file)
            except Changed:
                file = await named_file(self._store, self._place, file.name)
        raise BackendUnavailable(f"{self._place}/{file.name} was replaced each time that it was fetched")

    async def _read_back(self, position: int, known: TransferredFile) -> None:
        async with self._checksum.turn(position) as checksum, aclosing(self._blobs.read(known.blob)) as chunks:
            async for chunk in self._told(chunks):
                await checksum.add(chunk)

    async def _small(self, position: int, file: StoredFile) -> TransferredFile | None:
        fetched: TransferredFile | None = None
        chunks: list[bytes] = []
        try:
            async with aclosing(self._content(file)) as content:
                chunks = [chunk async for chunk in content]
        except NotFound:
            if file.size:
                raise
        else:
            fetched = await self._put(file, _each(chunks))
        async with self._checksum.turn(position) as checksum:
            for chunk in chunks:
                await checksum.add(chunk)
        return fetched

    async def _large(self, position: int, file: StoredFile) -> TransferredFile:
        async with self._checksum.turn(position) as checksum:

            async def reckoned() -> AsyncGenerator[bytes, None]:
                async with aclosing(self._content(file)) as content:
                    async for chunk in content:
                        await checksum.add(chunk)
                        yield chunk

            return await self._put(file, reckoned())

    async def _put(self, file: StoredFile, content: AsyncIterable[bytes]) -> TransferredFile:
        filename = PurePosixPath(file.name).name
        media_type = "application/json" if filename.endswith(".json") else "application/octet-stream"
        name = self._job.blob_name(filename)
        blob = await self._blobs.put(name, content, media_type=media_type, filename=filename)
        fetched = TransferredFile(name=file.name, size=blob.size, sha256=blob.sha256, e_tag=file.e_tag, blob=blob)
        await self._journal.add(fetched)
        return fetched

    def _content(self, file: StoredFile) -> AsyncGenerator[bytes, None]:
        return self._told(FileContent(self._store, file, f"{self._place}/{file.name}").chunks())

    async def _told(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """The same, counted in the job's progress; not where they are of no use in the end."""
        counted = 0
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    counted += len(chunk)
                    self._done += len(chunk)
                    await self._tell()
                    yield chunk
        except BaseException:
            self._done -= counted
            raise

    async def _tell(self, _files: int = 0) -> None:
        await self._job.progress(self._done, self._total, "bytes", "fetching")
        await self._journal.save_due()


async def _each(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
