"""Where blobs lie in the tests, and content for them."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from scibus.bus.blobs import Blobs
from scibus.contracts.blobs import BlobRef

MIB = 1024 * 1024


@dataclass(frozen=True)
class Place:
    """A store, and what can be done to it behind its back."""

    blobs: Blobs
    lose: Callable[[BlobRef], Awaitable[None]]
    contents: Callable[[], Awaitable[list[str]]]
    """Names of all that takes room."""


async def pieces(content: bytes, size: int = 300_001) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def mebibytes(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield os.urandom(MIB)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield os.urandom(MIB)


async def after(content: AsyncIterator[bytes], count: int, come: Callable[[], None]) -> AsyncIterator[bytes]:
    """The same, and `come` is called after so many pieces."""
    number = 0
    async for piece in content:
        yield piece
        number += 1
        if number == count:
            come()


async def read(blobs: Blobs, ref: BlobRef) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(ref)])
