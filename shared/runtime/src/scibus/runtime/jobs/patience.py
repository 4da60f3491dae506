"""Taking a step again and again while the server is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from scibus.contracts.problems import BackendUnavailable

PATIENCE_SECONDS = 600.0
"""After that a job is left alone; the stream gives it out again, and it is ended then."""
PAUSE_SECONDS = 0.5
Done = TypeVar("Done")


async def patiently(step: Callable[[], Awaitable[Done]]) -> Done:
    """What `step` returns, once the server lets it.

    Raises:
        BackendUnavailable: the server stays away.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await step()
        except BackendUnavailable:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
