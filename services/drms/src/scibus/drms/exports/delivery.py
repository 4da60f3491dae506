"""The files of a finished export, fetched into the object store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from scibus.bus.blobs import Blobs
from scibus.contracts.drms import ExportedFile, ExportedFiles, ExportState, MissingFile
from scibus.contracts.problems import BackendUnavailable, NotFound, Problem
from scibus.drms.exports.journal import ExportJournal
from scibus.drms.files.listing import WantedFile, listed
from scibus.drms.files.server import FileServer
from scibus.runtime import Job


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
        self._journal = journal
        self._job = job
        self._blobs = blobs
        self._done = 0

    async def of(self, export: ExportState) -> ExportedFiles:
        """All files of `export`, and what it has no file for.

        Raises:
            BackendUnavailable: a file cannot be had whole now (retryable); those that came are kept, and those
                under way are waited for.
            BadBackendAnswer: a file is not what it is called.
        """
        wanted, missing = listed(export)
        found: dict[int, ExportedFile | MissingFile] = {}
        failures: list[Problem] = []
        rows = iter(enumerate(wanted))

        async def fetch_one_after_the_other() -> None:
            for position, row in rows:
                try:
                    found[position] = await self._fetched(row)
                except Problem as problem:
                    failures.append(problem)
                if failures:
                    return
                self._done += 1
                await self._job.progress(self._done, len(wanted), "files", "fetching")

        await self._job.progress(0, len(wanted), "files", "fetching")
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._files.width, len(wanted))):
                    group.create_task(fetch_one_after_the_other())
        except BaseExceptionGroup as raised:
            raise raised.exceptions[0] from None
        if failures:
            with suppress(BackendUnavailable):
                await self._journal.save()
            # One that trying again does not mend comes first.
            raise min(failures, key=lambda problem: problem.details.retryable)
        rest = [found[position] for position in range(len(wanted))]
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
        if known := self._journal.fetched(url):
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
