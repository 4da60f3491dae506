"""Content in chunks: cut to one size, and reckoned up on its way."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterable

CHUNK = 1024 * 1024
WORTH_A_THREAD = 64 * 1024
"""Bytes from which on a SHA-256 takes longer than the way to a thread and back."""


class Checksum:
    """Size and SHA-256 of what passes. A chunk is hashed in a thread, while whoever takes it is at work."""

    def __init__(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._hashing: asyncio.Future[None] | None = None

    async def add(self, chunk: bytes) -> None:
        """Reckon `chunk` in; waits for the one before."""
        await self._hashed()
        self.size += len(chunk)
        if len(chunk) < WORTH_A_THREAD:
            self._sha256.update(chunk)
        else:
            self._hashing = asyncio.get_running_loop().run_in_executor(None, self._sha256.update, chunk)

    async def digest(self) -> bytes:
        """The SHA-256 of all that was added."""
        await self._hashed()
        return self._sha256.digest()

    async def _hashed(self) -> None:
        if self._hashing is not None:
            await self._hashing
            self._hashing = None


async def rechunk(content: AsyncIterable[bytes], size: int) -> AsyncGenerator[bytes, None]:
    """`content` in chunks of `size` bytes, the last one shorter; `content` is closed when this is."""
    buffer = bytearray()
    try:
        async for piece in content:
            if not buffer and len(piece) == size and isinstance(piece, bytes):
                yield piece
                continue
            view = memoryview(piece)
            while view:
                taken = view[: size - len(buffer)]
                buffer += taken
                view = view[len(taken) :]
                if len(buffer) == size:
                    yield bytes(buffer)
                    buffer.clear()
        if buffer:
            yield bytes(buffer)
    finally:
        # Whoever passed a generator has no name for it, and what it holds open would stay so.
        if close := getattr(content, "aclose", None):
            await close()
