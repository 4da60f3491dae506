"""Slots: how many handlers of an operation are at work, and who may go on next."""

import asyncio
from collections import deque
from collections.abc import Callable


class Slots:
    """A fixed number of slots. Jobs that come back from waiting go before new ones.

    Args:
        total: how many.
        on_free: called when one has become free and nobody was waiting for it.
    """

    def __init__(self, total: int, on_free: Callable[[], None]) -> None:
        self.total = total
        self.taken = 0
        self._on_free = on_free
        self._returning: deque[asyncio.Future[None]] = deque()

    @property
    def free(self) -> int:
        """Slots that a new job may take."""
        return 0 if self._returning else self.total - self.taken

    def take(self) -> bool:
        """Take a slot for a new job, if there is one."""
        if self.free <= 0:
            return False
        self.taken += 1
        return True

    def give_back(self) -> None:
        """Free a slot, or hand it to the first who is coming back."""
        while self._returning:
            first = self._returning.popleft()
            if not first.done():
                first.set_result(None)
                return
        self.taken -= 1
        self._on_free()

    async def take_again(self) -> None:
        """Take a slot when it is one's turn."""
        if self.take():
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._returning.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.give_back()
            raise
