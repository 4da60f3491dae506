"""The content of an object, fetched range by range with a bounded number under way."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

import obstore
from obstore.store import S3Store

from scibus.bus.blobs.refusals import told_as_problems
from scibus.contracts.problems import BackendUnavailable

RANGE = 4 * 1024 * 1024
AT_ONCE = 2
"""Ranges under way or waiting to be taken: the ceiling of what a reader holds in memory."""
RANGE_SECONDS = 30.0
TRIES = 4
PAUSE_SECONDS = 0.25


async def fetched_ranges(store: S3Store, key: str, name: str, size: int) -> AsyncGenerator[bytes, None]:
    """The `size` bytes of the object `key` in their order. `name` is that of the blob, for whoever reads of a problem.

    Not as one answer, which would have to end within one time limit however slowly it is taken: each range has its own,
    and where the connection breaks off only that range is asked for again.

    Raises:
        NotFound: the object is gone.
        BackendUnavailable: the store stopped answering (retryable).
    """
    coming: deque[asyncio.Task[bytes]] = deque()
    starts = iter(range(0, size, RANGE))
    try:
        while True:
            while len(coming) < AT_ONCE and (start := next(starts, None)) is not None:
                coming.append(asyncio.create_task(_range(store, key, name, start, min(start + RANGE, size))))
            if not coming:
                return
            content = await coming[0]
            coming.popleft()
            yield content
    finally:
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)


async def _range(store: S3Store, key: str, name: str, start: int, end: int) -> bytes:
    for left in reversed(range(TRIES)):
        try:
            with told_as_problems(name):
                async with asyncio.timeout(RANGE_SECONDS):
                    content = bytes(await obstore.get_range_async(store, key, start=start, end=end))
            if len(content) == end - start:
                return content
        except BackendUnavailable:
            if not left:
                raise
        await asyncio.sleep(PAUSE_SECONDS * (TRIES - left))
    raise BackendUnavailable("the bucket of the blobs gave less than it was asked for")
