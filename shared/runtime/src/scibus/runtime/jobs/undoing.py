"""Taking back what a cancelled job had begun on its backend."""

import asyncio
from collections.abc import Awaitable, Callable

import stamina

from scibus.contracts.problems import BackendUnavailable, DeadlineExceeded, InternalError, Problem
from scibus.runtime.logs import get_logger

log = get_logger(__name__)

SECONDS = 60.0
TRIES = 3


async def undone(undo: Callable[[], Awaitable[object]]) -> Problem | None:
    """Call `undo`, again where the backend is away; what kept it from being done, or None."""
    try:
        async with asyncio.timeout(SECONDS):
            async for attempt in stamina.retry_context(on=BackendUnavailable, attempts=TRIES, wait_initial=1.0):
                with attempt:
                    await undo()
    except TimeoutError:
        return DeadlineExceeded(f"it was not done within {SECONDS:g} s")
    except Problem as problem:
        log.warning("a cancelled job left something behind", problem=problem.details.slug)
        return problem
    except Exception:
        log.exception("what a job had begun could not be taken back")
        return InternalError("the worker failed; its log tells more")
    return None
