"""Records of a file on its way: those of some regions, as a table or as a file, in bounded memory."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Literal

from scibus.modos.genomics.copies import write_copy
from scibus.modos.genomics.pipes import Inlet, Outlet
from scibus.modos.genomics.reading import Selection
from scibus.modos.genomics.tables import write_table
from scibus.modos.genomics.threads import in_thread
from scibus.modos.htsget.ending import FormatCheck, checked

Output = Literal["arrow", "file"]
READ_SIZE = 256 * 1024
SETTLE_SECONDS = 30.0
"""How long a thread that has nothing more to read or write is waited for."""


class RecordStream:
    """Those records of a file that lie in some regions; to be read once.

    Args:
        content: of the file, or of a part of it that holds the regions and is a valid file itself.
        selection: which records.
        output: a table (an Arrow stream), or a file in the format of the source with the same header.
        folder: for what must lie in a file meanwhile; it never has a name. Unset: the system's.

    Attributes:
        count: number of records; known when all of `content` was read.
    """

    def __init__(
        self,
        content: AsyncGenerator[bytes, None],
        selection: Selection,
        output: Output = "arrow",
        folder: Path | None = None,
    ) -> None:
        self.count = 0
        self._content = content
        self._selection = selection
        self._output = output
        self._folder = folder

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The bytes of the table or the file.

        Raises:
            BadBackendAnswer: the source is broken or cut: what came of it must be thrown away.
            NotFound: it has no such sequence, or cannot be read without a reference; it is named.
            InvalidRequest: the reference is another one than the file refers to.
            BackendUnavailable: there is no room for the file (retryable).
            Problem, StartAgain: whatever the source raises.
        """
        whole = checked(self._content, FormatCheck(self._selection.format, mends=False))
        async with aclosing(self._content), aclosing(whole):
            # Nobody else is troubled with what does not even begin as it should.
            first = await anext(whole, b"")
            async with aclosing(self._converted(first, whole)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _converted(self, first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        inlet, outlet = Inlet(), Outlet()
        feeding = asyncio.create_task(inlet.feed(first, rest))
        work = in_thread(lambda: self._convert(inlet.thread_end, outlet.thread_end), "records")
        try:
            async with aclosing(outlet.pieces()) as pieces:
                async for piece in pieces:
                    if feeding.done():
                        feeding.result()
                    yield piece
            try:
                self.count = await work
            except Exception:
                if inlet.is_closed:
                    # What the thread read was cut because the source failed, which tells more.
                    await feeding
                raise
            await feeding
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            inlet.close()
            outlet.close()
            await asyncio.wait({work}, timeout=SETTLE_SECONDS)

    def _convert(self, source: int, target: int) -> int:
        try:
            if self._output == "arrow":
                return write_table(self._selection, source, target)
            return write_copy(self._selection, source, target, self._folder)
        finally:
            os.close(source)
            os.close(target)


async def file_content(path: Path) -> AsyncGenerator[bytes, None]:
    """The bytes of a local file, read in threads."""
    file = await asyncio.to_thread(path.open, "rb", 0)
    try:
        while piece := await asyncio.to_thread(file.read, READ_SIZE):
            yield piece
    finally:
        file.close()
