"""Pipes between the loop, which never waits in a system call, and a thread, which does nothing else."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

ROOM = 1024 * 1024
"""Bytes that a pipe may hold; the system may allow less."""
READ_SIZE = 256 * 1024


class Inlet:
    """What the loop gives to a thread, which reads, and closes, `thread_end`."""

    def __init__(self) -> None:
        self.thread_end, self._loop_end = _pipe()
        os.set_blocking(self._loop_end, False)
        self._is_read = True
        self.is_closed = False

    async def feed(self, first: bytes, content: AsyncGenerator[bytes, None], *, to_end: bool = True) -> None:
        """Give `first` and all of `content`, and say that this was it.

        What the thread does not want is read nevertheless, unless it need not be `to_end`: only at its end is it known
        to be whole.
        """
        try:
            async with aclosing(content):
                await self._give(first)
                async for piece in content:
                    if self._is_read:
                        await self._give(piece)
                    elif not to_end:
                        return
        finally:
            self.close()

    def close(self) -> None:
        """No more comes."""
        if not self.is_closed:
            self.is_closed = True
            os.close(self._loop_end)

    async def _give(self, piece: bytes) -> None:
        rest = memoryview(piece)
        loop = asyncio.get_running_loop()
        while rest:
            try:
                rest = rest[os.write(self._loop_end, rest) :]
            except BlockingIOError:
                await _until(self._loop_end, loop.add_writer, loop.remove_writer)
            except BrokenPipeError:
                self._is_read = False
                return


class Outlet:
    """What the loop takes from a thread, which writes, and closes, `thread_end`."""

    def __init__(self) -> None:
        self._loop_end, self.thread_end = _pipe()
        os.set_blocking(self._loop_end, False)
        self._is_closed = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """What comes, until the thread closes its end."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                piece = os.read(self._loop_end, READ_SIZE)
            except BlockingIOError:
                await _until(self._loop_end, loop.add_reader, loop.remove_reader)
                continue
            if not piece:
                return
            yield piece

    def close(self) -> None:
        """No more is wanted."""
        if not self._is_closed:
            self._is_closed = True
            os.close(self._loop_end)


def _pipe() -> tuple[int, int]:
    read, write = os.pipe()
    with suppress(OSError, AttributeError):
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, ROOM)
    return read, write


async def _until(end: int, add: Callable[[int, Callable[[], None]], None], remove: Callable[[int], bool]) -> None:
    """Wait for the other side to move; it ends when that side closes, so that it needs no limit of its own."""
    ready = asyncio.Event()
    add(end, ready.set)
    try:
        await ready.wait()
    finally:
        remove(end)
