"""A thread that reads a file while it comes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from scibus.modos.genomics.pipes import Inlet
from scibus.modos.genomics.threads import in_thread

SETTLE_SECONDS = 30.0
"""How long a thread that has nothing more to read or write is waited for."""

Result = TypeVar("Result")


class Fed(Generic[Result]):
    """Work in a thread of its own, on what comes through a pipe. It is at work inside of `async with`.

    Args:
        work: what the thread does, with the descriptor that it reads from and closes.
        name: of the thread.
        content: what it reads, after `first`.
        first: what has come already.
        to_end: whether all of `content` is read, though the thread wants no more of it.
    """

    def __init__(
        self,
        work: Callable[[int], Result],
        name: str,
        content: AsyncGenerator[bytes, None],
        *,
        first: bytes = b"",
        to_end: bool = True,
    ) -> None:
        self._do = work
        self._name = name
        self._content = content
        self._first = first
        self._to_end = to_end

    async def __aenter__(self) -> Self:
        self._inlet = Inlet()
        self._feeding = asyncio.create_task(self._inlet.feed(self._first, self._content, to_end=self._to_end))
        self._work = in_thread(lambda: self._do(self._inlet.thread_end), self._name)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._feeding.cancel()
        await asyncio.gather(self._feeding, return_exceptions=True)
        self._inlet.close()
        await asyncio.wait({self._work}, timeout=SETTLE_SECONDS)

    def check(self) -> None:
        """Raise what the source has raised, if it has."""
        if self._feeding.done():
            self._feeding.result()

    async def result(self) -> Result:
        """What the thread returns or raises, or else what the source has raised."""
        try:
            found = await self._work
        except Exception:
            if self._inlet.is_closed:
                # What the thread read was cut because the source failed, which tells more.
                await self._feeding
            raise
        if self._to_end:
            await self._feeding
        return found
