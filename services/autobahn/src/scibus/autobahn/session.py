"""A connection to the MDB that outlives its tokens."""

import asyncio
from contextlib import AbstractContextManager, suppress
from typing import Never

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.autobahn.datasets import Dataset
from scibus.autobahn.denials import Denials
from scibus.autobahn.entrance import Callbacks, Entrance
from scibus.autobahn.questions import Questions
from scibus.autobahn.token_keeper import TokenKeeper
from scibus.autobahn.tokens import Token
from scibus.bus.connection import REFUSED, close_connection
from scibus.contracts.problems import BackendUnavailable, Problem, Unauthenticated
from scibus.runtime.kept import Kept

ASK_SECONDS = 5.0
HANDOVER_SECONDS = 2
"""For which an exchange of the connection waits for what is under way, and for the new one."""
MOST_ADMITTED = 1000


class Session:
    """Shared by all who read datasets of one scope. Before a token ends, the connection is made anew with the next one.

    Attributes:
        scope: of the datasets.
        connection: to NATS; the same object, with its subscriptions, whenever it is made anew.
        reconnects: how often it was made anew.
    """

    connection: Client

    def __init__(self, dataset: Dataset, tokens: Kept[Token], first: Token, entrance: Entrance, pause: float) -> None:
        self.scope = dataset.scope
        self.reconnects = 0
        self._entrance = entrance
        self._denials = Denials()
        self._denials_seen = 0
        self._questions = Questions(self._denials)
        self._keeper = TokenKeeper(tokens, first, pause, self._exchange, self._denials.end_all)
        self._keeping: asyncio.Task[Never] | None = None
        self._admitted = {dataset.slug}
        self._back = asyncio.Event()

    @classmethod
    async def opened(cls, dataset: Dataset, tokens: Kept[Token], entrance: Entrance, pause: float) -> "Session":
        """A session for `dataset` and all others of its scope.

        Args:
            dataset: for which it is needed.
            tokens: where its tokens come from.
            entrance: opens its connection.
            pause: seconds between two tries to get a token that is not to be had now.

        Raises:
            Problem: as `AccountServer.user_token` and `Entrance.connect` do.
        """
        session = cls(dataset, tokens, await tokens.get(), entrance, pause)
        try:
            await session._connect()
        except Unauthenticated:
            # What was kept may have been revoked meanwhile.
            session._keeper.token = await tokens.newer(session._keeper.token)
            await session._connect()
        session._keeping = asyncio.create_task(session._keeper.run())
        return session

    @property
    def is_closed(self) -> bool:
        """Whether the connection has ended for good."""
        return self.connection.is_closed

    async def ask(self, subject: str, body: bytes = b"", *, timeout: float = ASK_SECONDS) -> bytes:
        """The answer to `body` on `subject`.

        Raises:
            Forbidden: the server denies it, or its datasets are no longer open to us.
            BackendUnavailable: nothing was answered within `timeout` seconds, or nobody hears there.
            Problem: there is no token any more.
        """
        problem = self._keeper.problem
        if problem is not None and not (problem.details.retryable and self.connection.is_connected):
            raise Problem.from_details(problem.details)
        return await self._questions.ask(self.connection, subject, body, timeout)

    def denials(self, *subjects: str) -> AbstractContextManager["asyncio.Future[Never]"]:
        """A future for the block that fails when a message to one of `subjects` is denied, or all is over.

        For what is not asked but published, as pulls and acknowledgements are.
        """
        return self._denials.of(*subjects)

    async def reconnected(self, after: int) -> int:
        """Wait until `reconnects` is more than `after`; what it is then. What was under way before may be lost."""
        while self.reconnects <= after:
            await self._back.wait()
        return self.reconnects

    async def admit(self, dataset: Dataset) -> None:
        """See that the session is good for `dataset`, which may be younger than its token, or open since it was denied.

        Raises:
            Problem: it is not.
        """
        if self._keeper.problem is not None:
            await self._keeper.renew()
        elif dataset.slug not in self._admitted or self._denials.heard > self._denials_seen:
            self._denials_seen = self._denials.heard
            await self._keeper.widen()
        if len(self._admitted) >= MOST_ADMITTED:
            self._admitted.clear()
        self._admitted.add(dataset.slug)

    async def close(self) -> None:
        """End the connection and what belongs to it."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await close_connection(self.connection)

    async def _connect(self) -> None:
        callbacks = Callbacks(self._on_error, self._on_reconnect, self._on_close)
        self.connection = await self._entrance.connect(self.scope, lambda: self._keeper.token, callbacks)

    async def _exchange(self) -> None:
        await self._entrance.refresh(self.connection)
        if not self.connection.is_connected:
            # It is on its way back already, and will take the new token.
            return
        async with self._questions.paused(HANDOVER_SECONDS):
            before = self.reconnects
            with suppress(NatsError, OSError):
                # What was published is with the server then, and what it sent meanwhile has been read.
                await self.connection.flush(HANDOVER_SECONDS)
            await self.connection.force_reconnect()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.reconnected(before), HANDOVER_SECONDS)

    async def _on_error(self, error: Exception) -> None:
        if REFUSED.search(str(error)):
            self._keeper.refuse()
        self._denials.hear(error)

    async def _on_reconnect(self) -> None:
        self.reconnects += 1
        self._back.set()
        self._back = asyncio.Event()

    async def _on_close(self) -> None:
        self._denials.end_all(BackendUnavailable(f"the connection to the MDB for {self.scope!r} was closed"))
