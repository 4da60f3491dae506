"""Records of a file on its way: those of some regions, as a table or as a file, in bounded memory."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Literal

from scibus.modos.genomics.copies import write_copy
from scibus.modos.genomics.fed import Fed
from scibus.modos.genomics.pipes import Outlet
from scibus.modos.genomics.reading import Selection
from scibus.modos.genomics.tables import write_table
from scibus.modos.htsget.ending import FormatCheck, checked

Output = Literal["arrow", "file"]
READ_SIZE = 256 * 1024


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
        outlet = Outlet()
        async with Fed(lambda source: self._convert(source, outlet.thread_end), "records", rest, first=first) as thread:
            try:
                async with aclosing(outlet.pieces()) as pieces:
                    async for piece in pieces:
                        thread.check()
                        yield piece
                self.count = await thread.result()
            finally:
                outlet.close()

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
