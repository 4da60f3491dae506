"""The files of a finished export, fetched into the object store."""

from collections.abc import AsyncIterator
from contextlib import suppress

from scibus.bus.blobs import Blobs
from scibus.contracts.drms import ExportedFile, ExportedFiles, ExportState, MissingFile
from scibus.contracts.problems import BackendUnavailable, NotFound, Problem
from scibus.drms.exports.journal import ExportJournal
from scibus.drms.files.listing import WantedFile, listed
from scibus.drms.files.server import FileServer
from scibus.runtime import Job
from scibus.runtime.files import each_done


class Delivery:
    """Fetches what an export lists, as many files at once as the server may have connections.

    Args:
        files: where they lie.
        journal: which of them earlier attempts have fetched.
        job: whose files they are.
        blobs: where they go.
    """

    def __init__(self, files: FileServer, journal: ExportJournal, job: Job, blobs: Blobs) -> None:
        self._files = files
        self._journal = journal.files
        self._job = job
        self._blobs = blobs

    async def of(self, export: ExportState) -> ExportedFiles:
        """All files of `export`, and what it has no file for.

        Raises:
            BackendUnavailable: a file cannot be had whole now (retryable); those that came are kept, and those
                under way are waited for.
            BadBackendAnswer: a file is not what it is called.
        """
        wanted, missing = listed(export)

        async def tell(done: int) -> None:
            await self._job.progress(done, len(wanted), "files", "fetching")

        try:
            rest = await each_done(wanted, self._fetched, at_once=self._files.width, tell=tell)
        except Problem:
            with suppress(BackendUnavailable):
                await self._journal.save()
            raise
        return ExportedFiles(
            requestid=export.requestid,
            status=export.status,
            method=export.method or "",
            protocol=export.protocol or "",
            files=[file for file in rest if isinstance(file, ExportedFile)],
            missing=missing + [lost for lost in rest if isinstance(lost, MissingFile)],
        )

    async def _fetched(self, wanted: WantedFile) -> ExportedFile | MissingFile:
        url = self._files.url(wanted.path)
        if known := self._journal.finished(url):
            return known.model_copy(update={"record": wanted.record})

        async def store(content: AsyncIterator[bytes], media_type: str) -> ExportedFile:
            name = self._job.blob_name(wanted.filename)
            blob = await self._blobs.put(name, content, media_type=media_type, filename=wanted.filename)
            return ExportedFile(
                record=wanted.record,
                filename=wanted.filename,
                url=url,
                size=blob.size,
                sha256=blob.sha256,
                blob=blob,
            )

        try:
            file = await self._files.fetch(wanted, store)
        except NotFound as problem:
            return MissingFile(record=wanted.record, reason=problem.details.detail)
        await self._journal.add(file)
        return file
