"""Why a worker cannot go on, and the end of a process whose tasks do not end."""

import asyncio
import os
import threading
from contextlib import suppress

from scibus.runtime.logs import get_logger

log = get_logger(__name__)

LEAVE_SECONDS = 2.0
LAST_SECONDS = 4.0
"""Beyond the grace period: then the process ends, whatever is still under way in it."""


class BrokenWorkerError(Exception):
    """The worker cannot go on; whoever runs it starts it anew. The message says why."""


class Breakdown:
    """Something that only a new process mends.

    Attributes:
        reason: what it is, once it has happened.
        drains: whether what was accepted can still be finished.
    """

    def __init__(self) -> None:
        self.happened = asyncio.Event()
        self.reason = ""
        self.drains = True

    def report(self, reason: str, *, drains: bool) -> None:
        """Let the worker end. The first reason stands."""
        if not self.happened.is_set():
            self.reason, self.drains = reason, drains
            self.happened.set()


async def leave_no_task() -> bool:
    """Cancel all other tasks; whether they have ended."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=LEAVE_SECONDS)
    stubborn = [task for task in tasks if not task.done()]
    for task in stubborn:
        log.error("a task does not end", task=repr(task.get_coro()))
    return not stubborn


def leave_after(seconds: float, code: int, last_words: str) -> None:
    """End the process in `seconds` if it is there still: a thread or a resource that does not close would keep it."""
    timer = threading.Timer(seconds, leave_at_once, (code, last_words))
    timer.daemon = True
    timer.start()


def leave_at_once(code: int, last_words: str = "") -> None:
    """End the process: a task that does not end would keep it for ever."""
    if last_words:
        with suppress(OSError):
            os.write(2, f"{last_words}\n".encode(errors="backslashreplace"))
    os._exit(code)
