"""A large file on its way into the object store, in parts: it has its name when all of them are there, or never."""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import obstore

from scibus.contracts.problems import Problem
from scibus.modos.store_faults import told_as_problems

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PART = 5 * 1024 * 1024
"""The smallest that S3 takes."""
MOST_PARTS = 9000
"""S3 takes 10,000."""
AT_ONCE = 2
"""Parts under way."""
PART_SECONDS = 300.0
WHOLE_SECONDS = 300.0
SETTLE_SECONDS = 5.0
ABORT_SECONDS = 30.0


class PartedUpload:
    """One file; nothing of it is left where the block raises, as far as the store can be reached.

    A process that is killed leaves parts behind that no listing shows: a rule of the bucket removes them in time.

    Args:
        store: where it goes.
        key: its name there.
        place: what it is called in problems.
        size: of the whole, in bytes.
        attributes: what is kept beside it.
    """

    def __init__(self, store: "ObjectStore", key: str, place: str, size: int, attributes: Mapping[str, str]) -> None:
        part = max(PART, size // MOST_PARTS + 1)
        self._writer = obstore.open_writer_async(
            store,
            key,
            attributes=dict(attributes) or None,
            buffer_size=part,
            max_concurrency=max(1, AT_ONCE * PART // part),
        )
        self._place = place

    async def __aenter__(self) -> Self:
        return self

    async def write(self, chunk: bytes) -> None:
        """Append `chunk`; waits where as many parts as may be are under way. Raises what `told_as_problems` raises."""
        await self._told(self._writer.write(chunk), PART_SECONDS)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            await self._told(self._writer.__aexit__(None, None, None), WHOLE_SECONDS)
            return
        # It takes what is under way back. What went wrong before is what is told.
        with suppress(Problem):
            await self._told(self._writer.__aexit__(kind, error, traceback), ABORT_SECONDS)

    async def _told(self, step: Awaitable[object], seconds: float) -> None:
        with told_as_problems(self._place):
            async with asyncio.timeout(seconds):
                await _to_its_end(step)


async def _to_its_end(step: Awaitable[Any]) -> None:
    """Do `step`; who is stopped meanwhile lets it end all the same, if that does not take long.

    A part that is given up half-way could arrive after the upload was taken back.
    """
    task = asyncio.ensure_future(step)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=SETTLE_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
