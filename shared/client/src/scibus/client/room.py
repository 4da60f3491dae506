"""Coming back to somebody who is overloaded, as long as there is time."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from scibus.contracts.calls import CallOptions
from scibus.contracts.problems import Overloaded

Told = TypeVar("Told")

BUSY_SECONDS = 1.0
SOON_SECONDS = 0.05


async def where_there_is_room(ask: Callable[[CallOptions], Awaitable[Told]], options: CallOptions) -> Told:
    """What `ask` returns, asked again after each `Overloaded` while the timeout in `options` lasts.

    Raises:
        Overloaded: there was no room in time, or `options` says not to wait for it.
        What `ask` raises.
    """
    until = time.monotonic() + options.timeout
    while True:
        try:
            return await ask(options)
        except Overloaded as problem:
            pause = _pause(problem)
            left = until - time.monotonic() - pause
            if not options.wait_for_room or left <= 0:
                raise
            await asyncio.sleep(pause)
            options = replace(options, timeout=left)


def _pause(problem: Overloaded) -> float:
    """Seconds until the next try, spread so that refused callers do not come back all at once."""
    asked = problem.details.retry_after
    return (BUSY_SECONDS if asked is None else max(asked, SOON_SECONDS)) * random.uniform(0.5, 1.0)  # noqa: S311
