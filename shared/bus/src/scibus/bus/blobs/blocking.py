"""Blocking calls in threads that are over before whoever called them goes on."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from scibus.contracts.problems import BackendUnavailable

PATIENCE_SECONDS = 60.0
"""A file system that does not answer for so long is taken for dead."""
SETTLE_SECONDS = 10.0
"""How long somebody who was cancelled waits for the file system."""
Result = TypeVar("Result")


async def to_its_end(blocking: Callable[[], Result]) -> Result:
    """What `blocking` returns, from a thread. Who is cancelled meanwhile leaves when the thread does.

    Raises:
        BackendUnavailable: the file system does not answer (retryable).
    """
    running = asyncio.ensure_future(asyncio.to_thread(blocking))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS) as patience:
            return await asyncio.shield(running)
    except TimeoutError:
        if not patience.expired():
            raise
        raise BackendUnavailable(f"the file system did not answer within {PATIENCE_SECONDS:g} s") from None
    except asyncio.CancelledError:
        await asyncio.wait([running], timeout=SETTLE_SECONDS)
        raise
