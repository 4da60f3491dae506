"""The newest token for a connection, which ends with the token it was made with."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Never

from scibus.autobahn.tokens import Token
from scibus.contracts.problems import InternalError, Problem
from scibus.runtime.kept import WITHDRAWN, Kept

LOOK_AT_CLOCK_SECONDS = 30.0
"""A machine may sleep, and its clock be set: what is due is decided anew so often."""


class TokenKeeper:
    """Renews a token before it ends or when it is refused, and then has the connection made anew.

    Args:
        tokens: where they come from.
        first: the one to begin with.
        pause: seconds between two tries to renew it.
        exchange: makes the connection anew, with `token`.
        tell: is told of problems that no waiting mends.

    Attributes:
        token: the newest.
        problem: why there is none that is good now, if so.
    """

    def __init__(
        self,
        tokens: Kept[Token],
        first: Token,
        pause: float,
        exchange: Callable[[], Awaitable[None]],
        tell: Callable[[Problem], None],
    ) -> None:
        self.token = first
        self.problem: Problem | None = None
        self._tokens = tokens
        self._pause = pause
        self._exchange = exchange
        self._tell = tell
        self._turn = asyncio.Lock()
        self._refused = asyncio.Event()
        self._refusals_count_from = 0.0

    def refuse(self) -> None:
        """The server does not accept the token; it may not know a new one yet, and is given a while."""
        if time.monotonic() >= self._refusals_count_from:
            self._refused.set()

    async def run(self) -> Never:
        """Renew it for as long as this runs."""
        while True:
            await self._until_due()
            before = self.token
            try:
                await self.renew()
            except Problem:
                # Told already, to whoever can do nothing but know.
                pass
            except Exception as error:  # noqa: BLE001 - who renews nothing any more loses the connection later
                self.problem = InternalError(f"the token could not be renewed ({type(error).__name__})")
                self._tell(self.problem)
            if self.token is before:
                await asyncio.sleep(self._pause)

    async def renew(self) -> None:
        """See that the token is good.

        Raises:
            Problem: there is none that is.
        """
        async with self._turn:
            refused = self._refused.is_set()
            try:
                newest = await (self._tokens.newer(self.token) if refused else self._tokens.get())
            except Problem as problem:
                self.problem = problem
                if not problem.details.retryable:
                    self._tell(problem)
                raise
            self.problem = None
            if refused:
                self._refused.clear()
                self._refusals_count_from = time.monotonic() + self._pause
            await self._use(newest)

    async def widen(self) -> None:
        """Ask for a token again, for rights that were given meanwhile.

        Raises:
            Forbidden, NotFound: they were taken away.
        """
        async with self._turn:
            try:
                newest = await self._tokens.newer(self._tokens.current or self.token)
            except WITHDRAWN:
                raise
            except Problem:
                # The one that there is may do.
                return
            if newest.claims.get("nats") != self.token.claims.get("nats"):
                await self._use(newest)

    async def _use(self, newest: Token) -> None:
        if newest is not self.token:
            self.token = newest
            await self._exchange()

    async def _until_due(self) -> None:
        while not self._refused.is_set():
            due = self.token.renew_at
            left = LOOK_AT_CLOCK_SECONDS if due is None else due - time.time()
            if left <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._refused.wait(), min(left, LOOK_AT_CLOCK_SECONDS))
