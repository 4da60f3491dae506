"""An event loop in a thread of its own, for callers in any thread, with or without a loop of theirs."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

Value = TypeVar("Value")

STOP_SECONDS = 5.0
_END: Any = object()


class LoopThread:
    """Runs coroutines, each within the context variables of whoever asks for it.

    The thread does not keep a program alive that forgets to close it.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scibus", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be run any more."""
        return self._loop.is_closed()

    def wait(self, work: Callable[[], Awaitable[Value]]) -> Value:
        """What `work` returns or raises. A `KeyboardInterrupt` here cancels it there.

        Raises:
            RuntimeError: the loop was stopped, or this is its own thread.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("this would wait for itself: use the asynchronous client inside its callbacks")
        if self._loop.is_closed():
            raise RuntimeError("the connection was closed: connect anew")
        done: Future[Value] = Future()
        tasks: list[asyncio.Task[None]] = []
        context = contextvars.copy_context()

        async def run() -> None:
            try:
                done.set_result(await work())
            except asyncio.CancelledError:
                done.cancel()
                done.set_running_or_notify_cancel()
            except BaseException as error:  # noqa: BLE001 - goes to whoever waits
                done.set_exception(error)

        def start() -> None:
            tasks.append(self._loop.create_task(run(), context=context))

        self._loop.call_soon_threadsafe(start, context=context)
        try:
            return done.result()
        except CancelledError:
            raise RuntimeError("the connection was closed meanwhile") from None
        except KeyboardInterrupt:
            self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
            raise

    def each(self, items: AsyncIterator[Value]) -> Iterator[Value]:
        """The items, as they come; when the caller has enough, the rest is given up."""
        try:
            while (item := self.wait(lambda: anext(items, _END))) is not _END:
                yield item
        finally:
            close = getattr(items, "aclose", None)
            if close is not None and not self._loop.is_closed():
                self.wait(close)

    def stop(self) -> None:
        """Cancel what is running, and end the thread."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.wait(others, timeout=STOP_SECONDS / 2) if others else None
