"""Cursors in datasets of the MDB: a durable consumer, read in order, and acknowledged when its messages are safe."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Never

from nats.errors import Error as NatsError

from scibus.autobahn.consumers import Consumers, Standing
from scibus.autobahn.datasets import Dataset
from scibus.autobahn.session import Session
from scibus.bus.pulling import Interrupted, Pull, Pulled
from scibus.bus.stored import API, moment_of, parse_time
from scibus.contracts.live import Position
from scibus.contracts.problems import Forbidden
from scibus.runtime import BeganAnew, CursorLost, Reached, SourceMessage, Wanted

FLUSH_SECONDS = 5
RESUMED = "goes on where the cursor {name} at the MDB stood"


class MdbCursor:
    """Reads a dataset from one consumer.

    Attributes:
        start: sequence from which on it gives messages.
        notice: worth telling of where that is.
        lag: messages that it has yet to give.
    """

    def __init__(
        self,
        session: Session,
        pull: Pull,
        denied: "asyncio.Future[Never]",
        standing: Standing,
        reached: Reached | None,
        notice: str | None,
    ) -> None:
        self.start = standing.delivered + 1 + (reached is not None)
        self.notice = notice
        self.lag: int | None = standing.pending
        self._session = session
        self._pull = pull
        self._denied = denied
        self._reached = reached
        self._acknowledges_all = standing.acknowledges_all
        self._unstored: list[Pulled] = []

    async def accepted(self) -> None:
        """Ask for messages, and return when the server has not denied that.

        Raises:
            Forbidden: it has.
            CursorLost: the connection broke.
        """
        try:
            await self._pull.ask()
            await self._session.connection.flush(FLUSH_SECONDS)
        except (NatsError, TimeoutError) as error:
            raise CursorLost(f"the MDB does not answer: {error!r}") from error
        # What is denied is told before the server answers the flush, and handled a moment later.
        await asyncio.sleep(0)
        self._check()

    async def next(self, seconds: float) -> Sequence[SourceMessage]:
        """What has arrived; waits `seconds` for it.

        Raises:
            CursorLost: the consumer has to be opened anew.
            BeganAnew: the message that was reached is another one now.
            Forbidden: we may not read any more.
        """
        self._check()
        try:
            taken = await self._pull.next(seconds)
        except Interrupted as interrupted:
            self._check()
            raise CursorLost(str(interrupted)) from interrupted
        except NatsError as error:
            raise CursorLost(f"the connection to the MDB broke: {error!r}") from error
        if not taken:
            self._check()
            return []
        self.lag = taken[-1].pending
        self._unstored += taken
        return self._new([SourceMessage(one.sequence, one.time, one.message.head, one.message.data) for one in taken])

    async def stored(self, messages: Sequence[SourceMessage]) -> None:
        """Acknowledge `messages`, and what came before them."""
        last = messages[-1].sequence
        done = [one for one in self._unstored if one.sequence <= last]
        del self._unstored[: len(done)]
        # An acknowledgement that is lost does no harm: what was forwarded stands on the bus.
        with suppress(NatsError):
            for one in done[-1:] if self._acknowledges_all else done:
                await self._session.connection.publish(one.message.reply.decode(), b"")

    def _new(self, messages: list[SourceMessage]) -> list[SourceMessage]:
        """Without the message that was reached before, which comes first to show that the stream is the same."""
        reached, self._reached = self._reached, None
        if reached is None:
            return messages
        if messages[0].sequence != reached.sequence:
            return messages
        if moment_of(messages[0].time) != reached.time:
            raise BeganAnew
        return messages[1:]

    def _check(self) -> None:
        if self._denied.done():
            self._denied.result()


class Cursors:
    """Opens the cursors of subscriptions in one dataset.

    Args:
        session: with the right to use them.
        dataset: that is read.
        caller: our name (CN), for who looks after the MDB.
    """

    def __init__(self, session: Session, dataset: Dataset, caller: str) -> None:
        self._session = session
        self._dataset = dataset
        self._caller = caller
        self._consumers = Consumers(session, dataset)

    @asynccontextmanager
    async def open(self, name: str, wanted: Wanted, *, is_clients: bool) -> AsyncIterator[MdbCursor]:
        """The cursor `name`, where it is wanted; a client's is acknowledged message by message, as the client does it.

        Raises:
            BeganAnew: the stream is not the one that was read before.
            CursorLost: somebody else got in the way, or the connection broke.
            Forbidden, NotFound: we may not read the dataset, or there is none.
            BackendUnavailable: the MDB is out of reach.
        """
        await self._consumers.check_stream()
        reached = wanted.place if isinstance(wanted.place, Reached) else None
        with self._session.denials(f"{API}.CONSUMER.MSG.NEXT.{self._dataset.stream}.{name}") as denied:
            try:
                standing, notice = await self._made(name, wanted, reached, is_clients=is_clients)
            except Forbidden as problem:
                raise (problem if is_clients else _only_the_clients(problem)) from problem
            pull = Pull(
                self._session.connection,
                self._dataset.stream,
                name,
                batch=wanted.batch,
                most_bytes=wanted.most_bytes,
            )
            async with pull:
                cursor = MdbCursor(self._session, pull, denied, standing, reached, notice)
                await cursor.accepted()
                yield cursor

    async def leave(self, name: str, *, keep: bool) -> None:
        """Remove the cursor, unless it is to be kept."""
        if not keep:
            await self._consumers.remove(name)

    async def _made(
        self, name: str, wanted: Wanted, reached: Reached | None, *, is_clients: bool
    ) -> tuple[Standing, str | None]:
        """The consumer where it is wanted, and a notice of where that is."""
        if reached is not None:
            await self._check_that_it_is_the_same(name, wanted, reached, is_clients=is_clients)
        found = await self._consumers.find(name)
        place, notice = wanted.place, None
        if isinstance(place, Reached):
            place = Position(sequence=place.sequence)
        elif place is None and found is not None:
            place, notice = Position(sequence=found.acknowledged + 1), RESUMED.format(name=name)
        elif place is None:
            place = Position(offset="now")
        standing = await self._moved(name, place, found, is_clients=is_clients)
        if standing is None:
            standing = await self._make(name, place, wanted, is_clients=is_clients)
        return standing, notice

    async def _moved(self, name: str, place: Position, found: Standing | None, *, is_clients: bool) -> Standing | None:
        """The consumer that was `found`, moved to `place`; None where it has to be made anew, and is gone."""
        if found is None:
            return None
        if place.sequence is not None and found.acknowledges_all != is_clients:
            standing = await self._consumers.set_back(name, place.sequence)
            if standing is not None:
                return standing
        await self._consumers.remove(name)
        return None

    async def _make(self, name: str, place: Position, wanted: Wanted, *, is_clients: bool) -> Standing:
        description = f"Subscription {wanted.id} of scibus for {self._caller}"
        return await self._consumers.make(name, place, description, acknowledges_all=not is_clients)

    async def _check_that_it_is_the_same(
        self, name: str, wanted: Wanted, reached: Reached, *, is_clients: bool
    ) -> None:
        """See that the stream is the one in which `reached` was.

        Raises:
            BeganAnew: it is not.
        """
        told = await self._consumers.stream()
        if told is None:
            last = await self._last_sequence(name, wanted, is_clients=is_clients)
            if last < reached.sequence:
                raise BeganAnew
            return
        created = parse_time(told["created"])
        if told["state"]["last_seq"] < reached.sequence or created > reached.time:
            raise BeganAnew

    async def _last_sequence(self, name: str, wanted: Wanted, *, is_clients: bool) -> int:
        try:
            return await self._consumers.last_sequence()
        except Forbidden:
            # No other consumer may be made than the cursor itself; where it stood, the bus knows.
            await self._consumers.remove(name)
            return (await self._make(name, Position(offset="now"), wanted, is_clients=is_clients)).delivered


def _only_the_clients(problem: Forbidden) -> Forbidden:
    detail = problem.details.detail.rstrip(".")
    return Forbidden(f"{detail}: where it allows the published client's cursor only, subscribe with cursor=client")
