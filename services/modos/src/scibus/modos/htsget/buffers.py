"""Bytes between the task that fetches a block and whoever reads it."""

import asyncio
from collections import deque


class Buffer:
    """Pieces in order, for one writer and one reader.

    Args:
        ceiling: bytes that may wait; the writer is held up while there are more.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._failure: BaseException | None = None
        self._filled = asyncio.Event()
        self._has_room = asyncio.Event()

    async def put(self, piece: bytes) -> None:
        """Add a piece, and wait while there are too many."""
        self._pieces.append(piece)
        self._size += len(piece)
        self._filled.set()
        if self._size >= self._ceiling:
            self._has_room.clear()
            await self._has_room.wait()

    def end(self, failure: BaseException | None = None) -> None:
        """No more comes, for the reason of `failure` or because that was all."""
        self._ended, self._failure = True, failure
        self._filled.set()

    async def take(self) -> bytes | None:
        """The next piece, or None at the end; raises what the writer failed with."""
        while not self._pieces:
            if self._failure is not None:
                raise self._failure
            if self._ended:
                return None
            self._filled.clear()
            await self._filled.wait()
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._size < self._ceiling:
            self._has_room.set()
        return piece
