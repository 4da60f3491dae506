"""Long work in threads of their own: the loop's own threads are few, and whoever stores the result needs them."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


def in_thread(work: Callable[[], Result], name: str) -> asyncio.Future[Result]:
    """What `work` returns or raises. It cannot be cancelled: whoever gives up takes away what it reads and writes."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()
    # Whoever has given up does not ask.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def run() -> None:
        try:
            result = work()
        except BaseException as failure:  # noqa: BLE001 - told by the future
            _settle(loop, future, failure=failure)
        else:
            _settle(loop, future, result=result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def _settle(
    loop: asyncio.AbstractEventLoop,
    future: "asyncio.Future[Result]",
    *,
    result: Result | None = None,
    failure: BaseException | None = None,
) -> None:
    def settle() -> None:
        if future.done():
            return
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    with suppress(RuntimeError):  # the loop has gone
        loop.call_soon_threadsafe(settle)
