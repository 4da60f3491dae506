"""Ctrl-C as a callback of the loop: Python's own may come in the middle of another callback, which then fails."""

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def run(main: Coroutine[Any, Any, Answer]) -> Answer:
    """What `main` gives; Ctrl-C cancels it, and a second one does not wait for that.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    # Whoever ignores it, as a job in the background, goes on ignoring it.
    is_heard = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    interrupted = False

    async def interruptible() -> Answer:
        loop, asking = asyncio.get_running_loop(), asyncio.create_task(main)

        def interrupt() -> None:
            nonlocal interrupted
            interrupted = True
            loop.remove_signal_handler(signal.SIGINT)
            asking.cancel()

        if is_heard:
            loop.add_signal_handler(signal.SIGINT, interrupt)
        return await asking

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError:
        if interrupted:
            raise KeyboardInterrupt from None
        raise
