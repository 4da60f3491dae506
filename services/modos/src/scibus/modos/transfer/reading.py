"""A file of the object store: streamed, gone on with where an answer breaks off, all of one and the same content.

One answer at a time: what is fetched in many ranges comes no faster than whoever takes it does, and a server that reads
all of a file for each range of it makes it slower by far.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

import obstore
from obstore.store import LocalStore

from scibus.bus.blobs.chunks import Checksum
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Conflict, Problem
from scibus.modos.store_faults import told_as_problems
from scibus.modos.transfer.listing import StoredFile

if TYPE_CHECKING:
    from obstore import BytesStream, GetOptions, GetResult
    from obstore.store import ObjectStore

CHUNK = 512 * 1024
"""Bytes that are kept where an answer breaks off after them; a reader holds two of them in memory."""
LOCAL_RANGE = 1024 * 1024
CHUNK_SECONDS = 60.0
TRIES = 6
"""In a row that bring nothing."""
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
RANGE_NOT_SATISFIABLE = 416


class Changed(Exception):
    """The file is not the one that was listed any more: what came so far is of no use."""


class FileContent:
    """The bytes of one file.

    Args:
        store: where it is.
        file: as it was listed.
        place: what it is called in problems.
    """

    def __init__(self, store: "ObjectStore", file: StoredFile, place: str) -> None:
        self._store = store
        self._file = file
        self._place = place

    async def sha256(self) -> str:
        """The SHA-256 of all bytes, in hexadecimal digits. Raises what `chunks` raises."""
        checksum = Checksum()
        async with aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                await checksum.add(chunk)
        return (await checksum.digest()).hex()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """All bytes, each once and in order, however often the connection breaks.

        Raises:
            Changed: the file was replaced meanwhile.
            NotFound: it was removed, or never was a file.
            BackendUnavailable: the store stopped giving them (retryable).
            What else `told_as_problems` raises.
        """
        if not self._file.size:
            # No range of it can be asked for.
            await self._answer({"head": True})
            return
        received = idle = 0
        while received < self._file.size:
            begun = received
            problem = BackendUnavailable("the object store ended its answer")
            try:
                pieces = self._ranges(received) if isinstance(self._store, LocalStore) else self._rest(received)
                async with aclosing(pieces) as rest:
                    async for chunk in rest:
                        received += len(chunk)
                        yield chunk
            except BackendUnavailable as raised:
                problem = raised
            if received < self._file.size:
                idle = 0 if received > begun else idle + 1
                if idle >= TRIES:
                    raise self._broken_off(received, problem) from problem
                await asyncio.sleep(min(FIRST_PAUSE * 2.0**idle, LONGEST_PAUSE))
        if received > self._file.size:
            raise BadBackendAnswer(f"the object store gave more of {self._place} than there is of it")

    async def _rest(self, start: int) -> AsyncGenerator[bytes, None]:
        """What one answer brings of the bytes from `start` on; less than all where it breaks off."""
        answer = await self._answer({"range": (start, self._file.size)} if start else {})
        if answer.range[0] != start:
            raise BadBackendAnswer(f"the object store gave another range of {self._place} than it was asked for")
        stream = answer.stream(CHUNK)
        # The next one comes while this one is made use of.
        coming = asyncio.create_task(self._next(stream))
        try:
            while chunk := await coming:
                coming = asyncio.create_task(self._next(stream))
                yield chunk
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _ranges(self, start: int) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` on out of a folder, where ranges come several times as fast as a stream."""
        while start < self._file.size:
            answer = await self._answer({"range": (start, min(start + LOCAL_RANGE, self._file.size))})
            with told_as_problems(self._place):
                async with asyncio.timeout(CHUNK_SECONDS):
                    chunk = bytes(await answer.bytes_async())
            yield chunk
            start += len(chunk)
            if not chunk:
                return

    async def _next(self, stream: "BytesStream") -> bytes:
        try:
            with told_as_problems(self._place):
                async with asyncio.timeout(CHUNK_SECONDS):
                    return await anext(stream, b"")
        except Conflict as problem:
            # The library itself has asked for the rest of what broke off.
            raise Changed from problem

    async def _answer(self, options: "GetOptions") -> "GetResult":
        if self._file.e_tag is not None:
            options["if_match"] = self._file.e_tag
        try:
            with told_as_problems(self._place):
                async with asyncio.timeout(CHUNK_SECONDS):
                    answer = await obstore.get_async(self._store, self._file.key, options=options)
        except Conflict as problem:
            raise Changed from problem
        except BadBackendAnswer as problem:
            if problem.details.backend and problem.details.backend.status == RANGE_NOT_SATISFIABLE:
                raise Changed from problem
            raise
        # A store that knows no conditions answers all the same.
        if answer.meta["size"] != self._file.size or self._file.e_tag not in (None, answer.meta["e_tag"]):
            raise Changed
        return answer

    def _broken_off(self, received: int, problem: Problem) -> BackendUnavailable:
        return BackendUnavailable(
            f"{self._place} could not be fetched whole: {received} of {self._file.size} bytes came; {problem}",
            retry_after=problem.details.retry_after,
            backend=problem.details.backend,
        )
