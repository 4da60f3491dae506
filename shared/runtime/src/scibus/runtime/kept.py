"""What is fetched from a server and kept until shortly before it spoils."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from scibus.contracts.problems import Forbidden, NotFound, Problem

WITHDRAWN = (Forbidden, NotFound)
"""A server that says so is not down: what it gave before is not to be used any more."""


class Perishable(Protocol):
    """Something that is good for a while."""

    @property
    def expires_at(self) -> float | None: ...

    @property
    def renew_at(self) -> float | None: ...


Thing = TypeVar("Thing", bound=Perishable)


class Kept(Generic[Thing]):
    """Fetches when there is need, once for all who wait, and makes do with the old one while it is good.

    Args:
        fetch: gets a new one; what it raises is told to all who wait for it.
        pause: seconds for which nothing is tried after a renewal failed, while the old one is good.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Thing]], pause: float) -> None:
        self._fetch = fetch
        self._pause = pause
        self._try_again_at = 0.0
        self._fetching: asyncio.Task[Thing] | None = None
        self._outdated: set[asyncio.Task[Thing]] = set()
        self.current: Thing | None = None

    @property
    def is_fetching(self) -> bool:
        """Whether a new one is being fetched."""
        return self._fetching is not None and not self._fetching.done()

    async def get(self) -> Thing:
        """One that is good now.

        Raises:
            Problem: there is none, and none can be had.
        """
        current, now = self.current, time.time()
        if current is None or (current.expires_at is not None and current.expires_at <= now):
            return await self._fetched()
        if current.renew_at is None or now < current.renew_at or self._is_to_wait:
            return current
        try:
            return await self._fetched()
        except Problem as problem:
            if isinstance(problem, WITHDRAWN) or (current.expires_at is not None and current.expires_at <= time.time()):
                raise
            return current

    async def newer(self, than: Thing) -> Thing:
        """Another one than that, which a server does not take any more.

        Raises:
            Problem: none can be had.
        """
        if self.current is not None and self.current is not than:
            return self.current
        return await self._fetched()

    def forget(self) -> None:
        """Neither what was fetched nor what is on its way is good any more; who waits for that gets it yet."""
        self.current = None
        if self._fetching is not None and self.is_fetching:
            self._outdated.add(self._fetching)
            self._fetching.add_done_callback(self._outdated.discard)
            self._fetching = None

    async def close(self) -> None:
        """End what is under way."""
        if under_way := [*self._outdated, *filter(None, (self._fetching,))]:
            for task in under_way:
                task.cancel()
            await asyncio.wait(under_way)

    @property
    def _is_to_wait(self) -> bool:
        """Whether a renewal is under way, or was in vain a short while ago."""
        return self.is_fetching or time.monotonic() < self._try_again_at

    async def _fetched(self) -> Thing:
        """Who goes away while waiting leaves the others with what was begun."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._renew())
            self._fetching.add_done_callback(_look_at)
        return await asyncio.shield(self._fetching)

    async def _renew(self) -> Thing:
        own = asyncio.current_task()
        try:
            thing = await self._fetch()
        except Problem as problem:
            if self._fetching is own:
                self._try_again_at = time.monotonic() + self._pause
                if isinstance(problem, WITHDRAWN):
                    self.current = None
            raise
        if self._fetching is own:
            self.current = thing
            self._try_again_at = 0.0
        return thing


def _look_at(task: asyncio.Task[Thing]) -> None:
    """Also where nobody waits any more, its problem was seen."""
    if not task.cancelled():
        task.exception()
