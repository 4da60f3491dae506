"""One subscription, forwarded: from the source to its subject on the bus, in order, each message once."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from scibus.bus.guarded import Stale
from scibus.bus.stored import moment_of
from scibus.contracts.live import Position
from scibus.contracts.problems import BackendUnavailable, InternalError, Overloaded, Problem
from scibus.runtime.live.book import SubscriptionBook
from scibus.runtime.live.lane import Lane
from scibus.runtime.live.rate import Rate
from scibus.runtime.live.records import SubscriptionRecord
from scibus.runtime.live.source import BeganAnew, Cursor, CursorLost, LiveSource, Reached, SourceMessage
from scibus.runtime.logs import get_logger
from scibus.runtime.metrics import Metrics

log = get_logger(__name__)

IDLE_SECONDS = 10.0
AGAIN_SECONDS = 0.1
LOOK_SECONDS = 0.5
LONGEST_LOOK = 5.0
LONGEST_PAUSE = 30.0
BEGAN_ANEW = "the source began anew: its messages count from the beginning, in a new epoch"


class _Over(Exception):
    """The subscription was moved, ended, or taken by another worker."""


@dataclass
class Progress:
    """How far a subscription has come, told to its record now and then."""

    reached: Reached | None = None
    lag: int | None = None
    is_told: bool = True


class Forwarding:
    """Forwards one epoch of one subscription, for as long as its record says that it is ours.

    Args:
        record: the subscription.
        lane: its subject, in that epoch.
        source: of its dataset.
        book: where its record is.
        service: whose subscription it is.
        instance: this worker.
        bus: stands for the bus, at the source.
        most_bytes: of messages that may wait, by now.
        metrics: of the worker.
    """

    def __init__(
        self,
        record: SubscriptionRecord,
        lane: Lane,
        source: LiveSource,
        book: SubscriptionBook,
        *,
        service: str,
        instance: str,
        bus: str,
        most_bytes: Callable[[], int],
        metrics: Metrics,
    ) -> None:
        self.id = record.id
        self.epoch = record.epoch
        self.progress = Progress(lag=record.lag)
        self.rate = Rate()
        self._record = record
        self._lane = lane
        self._source = source
        self._book = book
        self._instance = instance
        self._bus = bus
        self._most_bytes = most_bytes
        self._count = metrics.live_messages.labels(service, record.id)
        self._lag = metrics.live_lag.labels(service, record.id)
        self._failing = metrics.live_failing.labels(service, record.id)
        self._fails = 0
        self._sequence = 0
        self.opened: asyncio.Future[Problem | None] = asyncio.get_running_loop().create_future()
        """Done once the source has accepted, or with what it says against it."""

    async def run(self) -> None:
        """Forward until the subscription is somebody else's, moved, or ended."""
        try:
            await self._run()
        finally:
            self._lag.set(0)
            gone = "the subscription went to another worker before it was opened"
            self._answer(Overloaded(gone, retry_after=0.0))

    async def _run(self) -> None:
        while True:
            try:
                await self._forward()
            except _Over:
                return
            except BeganAnew:
                if await self._begin_anew():
                    return
            except CursorLost as lost:
                log.info("a cursor is opened anew", subscription=self.id, reason=str(lost))
                self._fails += 1
            except Problem as problem:
                await self._failed(problem)
            except Exception:
                log.exception("forwarding failed", subscription=self.id)
                await self._failed(InternalError("the worker failed; its log tells more"))
            await asyncio.sleep(self._pause())

    async def _forward(self) -> None:
        reached = await self._standing()
        async with self._source.open(self._record.wanted(self._bus, self._most_bytes, reached)) as cursor:
            await self._change(lambda record: record.opened(cursor.start, cursor.notice))
            self._answer(None)
            self._failing.set(0)
            self._note_lag(cursor, 0)
            log.info("forwarding", subscription=self.id, dataset=self._record.dataset, epoch=self.epoch)
            while True:
                messages = await cursor.next(IDLE_SECONDS)
                fresh = [message for message in messages if message.sequence > self._sequence]
                self._note_lag(cursor, len(fresh))
                if fresh:
                    await self._store(fresh)
                if messages:
                    await cursor.stored(messages)
                self._fails = 0
                self._note_lag(cursor, 0)

    async def _standing(self) -> Reached | None:
        """What was reached in this epoch: what the subject itself says, or the record where its messages are gone."""
        standing = await self._lane.look()
        record = await self._be_sure()
        if standing.epoch > self.epoch:
            # Somebody put an old record back: what readers have seen counts.
            await self._change(lambda record: record.changed(epoch=standing.epoch, sequence=None, time=None))
            raise _Over
        reached = standing.reached if standing.epoch == self.epoch else None
        if reached is None and record.sequence is not None and record.time is not None:
            reached = Reached(record.sequence, record.time)
        self._sequence = reached.sequence if reached else 0
        self.progress.reached = reached
        return reached

    async def _store(self, messages: Sequence[SourceMessage]) -> None:
        """Put `messages` onto the bus, in as many batches as it takes, however long the bus is away."""
        left = list(messages)
        pause = LOOK_SECONDS
        while left:
            try:
                count = await self._put(left)
                del left[:count]
                pause = LOOK_SECONDS
                continue
            except Stale:
                reason = "somebody else has put messages there"
            except BackendUnavailable as problem:
                reason = str(problem)
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the load
                pause = min(pause * 2, LONGEST_LOOK)
            log.info("the data subject is looked at again", subscription=self.id, reason=reason)
            try:
                reached = await self._standing()
            except BackendUnavailable:
                continue
            if reached is not None:
                left = [message for message in left if message.sequence > reached.sequence]

    async def _put(self, messages: Sequence[SourceMessage]) -> int:
        """Put the first of `messages`, as many as make a batch; how many they were."""
        batch = await self._lane.pack(messages)
        putting = asyncio.create_task(self._lane.put(batch))
        try:
            await asyncio.shield(putting)
        except asyncio.CancelledError:
            # What is under way must not arrive once somebody was told that all is quiet.
            while not putting.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([putting])
            if putting.exception() is None:
                self._note(messages[len(batch) - 1], len(batch))
            raise
        self._note(messages[len(batch) - 1], len(batch))
        return len(batch)

    def _note(self, last: SourceMessage, count: int) -> None:
        self._sequence = last.sequence
        self.progress.reached = Reached(last.sequence, moment_of(last.time))
        self.progress.is_told = False
        self.rate.add(count)
        self._count.inc(count)

    def _note_lag(self, cursor: Cursor, read: int) -> None:
        """Note what the source has yet to give, and what was `read` and is not on the bus yet."""
        lag = None if cursor.lag is None else cursor.lag + read
        if lag != self.progress.lag:
            self.progress.lag = lag
            self.progress.is_told = False
        self._lag.set(lag or 0)

    async def tell(self) -> None:
        """Write into the record how far the subscription has come.

        Raises:
            BackendUnavailable: it is out of reach.
        """
        if self.progress.is_told:
            return
        self.progress.is_told = True
        told = self.told()
        try:
            await self._change(lambda record: record.changed(**told))
        except _Over:
            return
        except BackendUnavailable:
            self.progress.is_told = False
            raise

    def told(self) -> dict[str, object]:
        """What its record is to tell of it."""
        reached = self.progress.reached
        told: dict[str, object] = {"lag": self.progress.lag, "rate": self.rate.lately()}
        return told | ({"sequence": reached.sequence, "time": reached.time} if reached else {})

    async def _begin_anew(self) -> bool:
        """Let the subscription go on in a new epoch with all that the source has now; False where nobody can tell."""
        log.warning(BEGAN_ANEW, subscription=self.id, dataset=self._record.dataset)
        last = self._lane.last
        try:
            await self._change(
                lambda record: record.moved(Position(offset="begin"), last).changed(**record.noticed(BEGAN_ANEW))
            )
        except _Over:
            return True
        except BackendUnavailable:
            return False
        return True

    def _answer(self, problem: Problem | None) -> None:
        if not self.opened.done():
            self.opened.set_result(problem)

    async def _failed(self, problem: Problem) -> None:
        self._fails += 1
        self._failing.set(1)
        log.warning(
            "a dataset gives nothing", subscription=self.id, problem=problem.details.slug, detail=problem.details.detail
        )
        if not self.opened.done():
            # Whoever has just subscribed takes the subscription back; nobody is to be told that it is there, and fails.
            self._answer(problem)
            return
        try:
            await self._change(lambda record: record.failing(problem))
        except (_Over, BackendUnavailable):
            # Whose it is shows when it is tried again.
            return

    async def _be_sure(self) -> SubscriptionRecord:
        """The record, from the bucket itself.

        Raises:
            _Over: it is not ours any more.
        """
        record = await self._book.read(self.id)
        if record is None or not self._is_ours(record):
            raise _Over
        return record

    async def _change(self, change: Callable[[SubscriptionRecord], SubscriptionRecord]) -> None:
        def ours(record: SubscriptionRecord) -> SubscriptionRecord:
            if not self._is_ours(record):
                raise _Over
            return change(record)

        try:
            self._record = await self._book.change(self.id, ours)
        except BackendUnavailable:
            raise
        except Problem as gone:
            raise _Over from gone

    def _is_ours(self, record: SubscriptionRecord) -> bool:
        return record.runs and record.holder == self._instance and record.epoch == self.epoch

    def _pause(self) -> float:
        doubled = min(AGAIN_SECONDS * 2.0 ** min(self._fails, 12), LONGEST_PAUSE)
        return doubled * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the load
