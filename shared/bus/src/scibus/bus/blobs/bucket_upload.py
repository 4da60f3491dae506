"""One object on its way into a bucket: nothing of it stays unless it is completed."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from scibus.contracts.problems import TooLarge

PART = 10 * 1024 * 1024
MOST_PARTS = 10_000
"""That an S3 store takes for one object."""
PARTS_AT_ONCE = 2
"""With the one that is being filled, the ceiling of what an upload holds in memory."""
STEP_SECONDS = 240.0
"""Longer than the library tries to send a part."""
SETTLE_SECONDS = 10.0
"""How long somebody who was cancelled waits for the store."""
Result = TypeVar("Result")


class BucketUpload:
    """The object `key`. What is smaller than a part is put at once, what is larger in parts.

    All raise what obstore does, and TimeoutError.
    """

    def __init__(self, store: S3Store, key: str, attributes: dict[str, str]) -> None:
        self._store = store
        self._key = key
        self._size = 0
        self._writer = obstore.open_writer_async(
            store, key, attributes=attributes, buffer_size=PART, max_concurrency=PARTS_AT_ONCE
        )
        self._open = True

    async def write(self, chunk: bytes) -> None:
        """Append `chunk`; waits while as many parts as may be are under way.

        Raises:
            TooLarge: no object can be as large.
        """
        self._size += len(chunk)
        if self._size > PART * MOST_PARTS:
            raise TooLarge(f"a blob in a bucket holds {PART * MOST_PARTS} bytes at most")
        await settled(self._writer.write(chunk))

    async def complete(self) -> None:
        """Let the object appear."""
        self._open = False
        await settled(self._writer.close())

    async def abort(self) -> None:
        """Give the room of its parts back, if the store can be reached; a completed object stays."""
        if self._open:
            self._open = False
            with suppress(BaseError, OSError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    await self._writer.__aexit__(asyncio.CancelledError, None, None)


async def settled(under_way: Awaitable[Result]) -> Result:
    """What `under_way` gives. Who is cancelled meanwhile leaves when it is over, and it is known what was done.

    Raises:
        TimeoutError: it takes too long.
    """
    running = asyncio.ensure_future(under_way)
    try:
        async with asyncio.timeout(STEP_SECONDS):
            return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running], timeout=SETTLE_SECONDS)
        raise
    finally:
        if not running.done():
            running.cancel()
        elif not running.cancelled():
            # Asked for, so that nobody complains of an error that nobody looked at.
            running.exception()
