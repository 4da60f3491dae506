"""Connections to the MDB: one a scope, for datasets live in accounts of their own; shared, and closed when idle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scibus.autobahn.datasets import Dataset
from scibus.autobahn.entrance import Entrance
from scibus.autobahn.session import Session
from scibus.autobahn.settings import AutobahnSettings
from scibus.autobahn.user_tokens import UserTokens
from scibus.contracts.problems import Overloaded


class Shared:
    """A session that is being opened or open, and who uses it."""

    def __init__(self, opening: "asyncio.Task[Session]") -> None:
        self.opening = opening
        self.users = 0
        self.idle: asyncio.TimerHandle | None = None

    @property
    def is_lost(self) -> bool:
        """Whether there is no use in it any more."""
        if not self.opening.done():
            return False
        return self.opening.cancelled() or self.opening.exception() is not None or self.opening.result().is_closed

    async def close(self) -> None:
        """End it, also where it is not open yet."""
        self.opening.cancel()
        await asyncio.wait([self.opening])
        if not self.opening.cancelled() and self.opening.exception() is None:
            await self.opening.result().close()


class Sessions:
    """Opens a session when somebody needs it, and closes it some time after nobody does.

    Args:
        settings: how many there may be, and for how long they stay.
        user_tokens: for the logins.
        entrance: opens connections.
    """

    def __init__(self, settings: AutobahnSettings, user_tokens: UserTokens, entrance: Entrance) -> None:
        self._most = settings.max_sessions
        self._idle_seconds = settings.session_idle
        self._pause = settings.outage_pause
        self._user_tokens = user_tokens
        self._entrance = entrance
        self._shared: dict[str, Shared] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def of(self, slug: str) -> AsyncIterator[Session]:
        """A session for the dataset `slug`, as long as the block runs.

        Raises:
            InvalidRequest: that cannot be the name of a dataset.
            Forbidden: the dataset is not open to us.
            NotFound: there is no such dataset.
            Overloaded: there are as many sessions as there may be, and all are in use.
            Problem: as `Session.opened` does.
        """
        dataset = Dataset.named(slug)
        shared = self._shared_for(dataset)
        shared.users += 1
        try:
            session = await asyncio.shield(shared.opening)
            await session.admit(dataset)
            yield session
        finally:
            shared.users -= 1
            if not shared.users:
                self._rest(dataset.token_path, shared)

    async def close(self) -> None:
        """Close all of them, whoever uses them."""
        for scope in list(self._shared):
            self._end(scope)
        while self._closing:
            await asyncio.wait(self._closing)

    def _shared_for(self, dataset: Dataset) -> Shared:
        scope = dataset.token_path
        shared = self._shared.get(scope)
        if shared is not None and shared.is_lost:
            self._end(scope)
            shared = None
        if shared is None:
            self._make_room()
            tokens = self._user_tokens.of(dataset)
            opening = asyncio.create_task(Session.opened(dataset, tokens, self._entrance, self._pause))
            shared = self._shared[scope] = Shared(opening)
        if shared.idle is not None:
            shared.idle.cancel()
            shared.idle = None
        return shared

    def _make_room(self) -> None:
        if len(self._shared) < self._most:
            return
        resting = next((scope for scope, shared in self._shared.items() if not shared.users), None)
        if resting is None:
            raise Overloaded(f"there are {self._most} connections to the MDB already, all in use", retry_after=5.0)
        self._end(resting)

    def _rest(self, scope: str, shared: Shared) -> None:
        """Nobody uses it now: an open one is kept for a while, in case that somebody does soon."""
        if self._shared.get(scope) is not shared:
            return
        if shared.is_lost or not shared.opening.done():
            self._end(scope)
        else:
            shared.idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end, scope)

    def _end(self, scope: str) -> None:
        shared = self._shared.pop(scope)
        if shared.idle is not None:
            shared.idle.cancel()
        closing = asyncio.create_task(shared.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
