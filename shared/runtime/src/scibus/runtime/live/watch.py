"""Who forwards what: takes subscriptions that nobody forwards, runs those that are ours, lets go of the others."""

import asyncio
import random
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from scibus.bus.batches import BatchPublisher
from scibus.bus.blobs import Blobs
from scibus.bus.sturdy import SturdyClient
from scibus.bus.topology import DATA
from scibus.contracts.problems import NotFound, Overloaded, Problem
from scibus.runtime.live.book import SubscriptionBook
from scibus.runtime.live.each import for_each
from scibus.runtime.live.forwarding import Forwarding
from scibus.runtime.live.lane import Lane, bus_name
from scibus.runtime.live.presence import Presence
from scibus.runtime.live.records import SubscriptionRecord
from scibus.runtime.live.source import LiveSource
from scibus.runtime.logs import get_logger
from scibus.runtime.metrics import Metrics

log = get_logger(__name__)

LOOK_SECONDS = 1.0
"""A subscription without a living holder is noticed after so long, once its holder's lease has ended."""
MISSED_SECONDS = 1.5
TELL_SECONDS = 5.0
TOLD_EACH_SECOND = 50
"""Records that one worker writes each second, to tell how far its subscriptions have come."""
LEAVE_SECONDS = 10.0
RELEASE_SECONDS = 5.0
INSIST_SECONDS = 0.2
BUFFER_BYTES = 128 * 1024 * 1024
"""Of messages that wait in this worker, of all its subscriptions together."""
LEAST_BYTES = 64 * 1024
MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class _Running:
    forwarding: Forwarding
    task: asyncio.Task[None]


class Watch:
    """Keeps the subscriptions of one worker going.

    Args:
        connection: to the bus.
        blobs: for what does not fit into a message.
        service: name of the service.
        instance: this worker.
        source: where its datasets are.
        metrics: of the worker.
    """

    def __init__(
        self,
        connection: SturdyClient,
        blobs: Blobs,
        service: str,
        instance: str,
        source: LiveSource,
        metrics: Metrics,
    ) -> None:
        self.book = SubscriptionBook(connection, service, self._wake)
        self._connection = connection
        self._blobs = blobs
        self._service = service
        self._instance = instance
        self._source = source
        self._metrics = metrics
        self._publisher = BatchPublisher(connection, DATA)
        self._presence = Presence(connection, service, instance)
        self._bus = ""
        self._running: dict[str, _Running] = {}
        self._changed: set[str] = set()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped: dict[str, Forwarding] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._missed: dict[str, float] = {}
        self._is_stopping = False

    async def start(self) -> None:
        """Begin.

        Raises:
            BackendUnavailable: the stream or the buckets are out of reach.
        """
        self._bus = await bus_name(self._connection)
        await self._presence.start()
        await self.book.start()
        self._tasks = [asyncio.create_task(work()) for work in (self._look, self._tell)]

    async def stop(self) -> None:
        """Forward no more, and leave what was forwarded to others, who need not wait for a lease to end."""
        self._is_stopping = True
        await _ended([*self._tasks, *self._leaving.values()])
        await self._end(list(self._running))
        ours = [record.id for record in self.book.all() if self._holds(record)]
        with suppress(TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                await for_each(ours, self._release)
        await self._presence.stop()

    async def opened(self, record: SubscriptionRecord) -> Problem | None:
        """Run a new subscription of ours, and wait for its source; what it says against it."""
        if self._is_stopping:
            return Overloaded("the worker is shutting down; another one will take the subscription", retry_after=0.0)
        # Who waits may be cancelled, and others wait for the same.
        return await asyncio.shield(self._start(record).opened)

    def _wake(self, name: str) -> None:
        self._changed.add(name)
        self._news.set()

    async def _look(self) -> None:
        """See to what has changed as it changes, and to everything each second: holders die without a word."""
        whole_at = 0.0
        while True:
            self._news.clear()
            changed, self._changed = self._changed, set()
            try:
                await self._arrange(changed)
                if time.monotonic() >= whole_at:
                    whole_at = time.monotonic() + LOOK_SECONDS
                    await self._arrange_all()
            except Problem as problem:
                log.warning("subscriptions cannot be looked after", reason=str(problem))
            except Exception:
                log.exception("subscriptions cannot be looked after")
            with suppress(TimeoutError):
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + whole_at - time.monotonic()):
                    await self._news.wait()

    async def _arrange_all(self) -> None:
        records = self.book.all()
        await self._arrange({*self._running, *(record.id for record in records)})
        self._stopped = {name: one for name, one in self._stopped.items() if self._is_ours(name)}
        holders = {record.holder for record in records if record.holder and record.holder != self._instance}
        gone = await self._gone(holders)
        await self._take_over([record for record in records if record.holder in gone])

    async def _arrange(self, names: Collection[str]) -> None:
        """See that of the subscriptions `names` those that are ours do what they should."""
        await self._end([name for name in names if name in self._running and not self._is_right(name)])
        records = [record for name in names if (record := self.book.get(name)) is not None]
        ours = [record for record in records if self._holds(record)]
        for record in ours:
            if record.runs and record.id not in self._running:
                self._start(record)
            elif record.leaving and record.id not in self._leaving:
                self._leaving[record.id] = asyncio.create_task(self._leave(record))
        await for_each([record for record in ours if record.paused and not record.is_quiet], self._rest)
        await self._take_over([record for record in records if record.holder is None])

    def _is_ours(self, name: str) -> bool:
        record = self.book.get(name)
        return record is not None and self._holds(record)

    def _holds(self, record: SubscriptionRecord) -> bool:
        return record.holder == self._instance

    def _is_right(self, name: str) -> bool:
        """Whether what runs under `name` is what is to run."""
        record, running = self.book.get(name), self._running[name]
        if record is None or not self._holds(record) or not record.runs:
            return False
        return running.forwarding.epoch == record.epoch and not running.task.done()

    async def _take_over(self, free: list[SubscriptionRecord]) -> None:
        # Whoever else looks begins elsewhere.
        random.shuffle(free)
        await for_each(free, self._take)

    async def _gone(self, holders: set[str]) -> set[str]:
        """Those that have been without a lease for a while: after a restart of the server nobody has one yet."""
        absent = await self._presence.absent(holders) if holders else set()
        now = time.monotonic()
        self._missed = {name: self._missed.get(name, now) for name in absent}
        return {name for name, since in self._missed.items() if now - since >= MISSED_SECONDS}

    async def _take(self, seen: SubscriptionRecord) -> None:
        if not self._presence.is_sure:
            return

        def take(record: SubscriptionRecord) -> SubscriptionRecord | None:
            if record.holder != seen.holder:
                return None
            return record.changed(holder=self._instance, phase="starting", quiet=False)

        with suppress(NotFound):
            taken = await self.book.change(seen.id, take)
            if taken.holder == self._instance:
                log.info("a subscription was taken over", subscription=seen.id, before=seen.holder)
                self._wake(seen.id)

    async def _rest(self, seen: SubscriptionRecord) -> None:
        """Tell that nothing of a paused subscription is forwarded any more."""

        def rest(record: SubscriptionRecord) -> SubscriptionRecord | None:
            if not record.paused or not self._holds(record):
                return None
            return record.changed(quiet=True, **self._left(record))

        with suppress(NotFound):
            await self.book.change(seen.id, rest)

    async def _leave(self, record: SubscriptionRecord) -> None:
        """End a subscription that is not forwarded any more."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._source.leave(record.wanted(self._bus, self._share), keep=record.leaving == "keep")
        except (Problem, TimeoutError) as error:
            log.warning(
                "the source was not told that a subscription ends",
                subscription=record.id,
                reason=str(error) or repr(error),
            )
        try:
            await self.book.remove(record)
        except Problem as problem:
            log.warning("a subscription cannot be ended yet", subscription=record.id, reason=str(problem))
            await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._leaving.pop(record.id, None)

    async def _release(self, name: str) -> None:
        def release(record: SubscriptionRecord) -> SubscriptionRecord | None:
            return record.changed(holder=None, **self._left(record)) if self._holds(record) else None

        with suppress(Problem):
            await self.book.change(name, release)

    def _start(self, record: SubscriptionRecord) -> Forwarding:
        running = self._running.get(record.id)
        if running is not None and running.forwarding.epoch == record.epoch and not running.task.done():
            return running.forwarding
        if running is not None:
            # Of a subscription that has ended, and was not cleared away yet.
            running.task.cancel()
        forwarding = self._made(record)
        task = asyncio.create_task(forwarding.run())
        task.add_done_callback(lambda _: self._wake(record.id))
        self._stopped.pop(record.id, None)
        self._running[record.id] = _Running(forwarding, task)
        return forwarding

    def _made(self, record: SubscriptionRecord) -> Forwarding:
        lane = Lane(
            self._connection,
            self._publisher,
            self._blobs,
            service=self._service,
            subscription=record.id,
            dataset=record.dataset,
            instance=self._instance,
            epoch=record.epoch,
        )
        return Forwarding(
            record,
            lane,
            self._source,
            self.book,
            service=self._service,
            instance=self._instance,
            bus=self._bus,
            most_bytes=self._share,
            metrics=self._metrics,
        )

    async def _end(self, names: list[str]) -> None:
        ending = [self._running.pop(name) for name in names]
        await _ended([running.task for running in ending])
        self._stopped |= {one.forwarding.id: one.forwarding for one in ending}

    def _left(self, record: SubscriptionRecord) -> dict[str, Any]:
        """How far `record` had come here when it was stopped."""
        stopped = self._stopped.pop(record.id, None)
        return stopped.told() if stopped is not None and stopped.epoch == record.epoch else {}

    def _share(self) -> int:
        """Bytes that may wait in one subscription."""
        return min(max(BUFFER_BYTES // max(len(self._running), 1), LEAST_BYTES), MOST_BYTES)

    async def _tell(self) -> None:
        while True:
            forwardings = [running.forwarding for running in self._running.values()]
            pause = max(TELL_SECONDS, len(forwardings) / TOLD_EACH_SECOND) / max(len(forwardings), 1)
            for forwarding in forwardings:
                await asyncio.sleep(pause)
                try:
                    await forwarding.tell()
                except Problem as problem:
                    log.warning("a place cannot be told", subscription=forwarding.id, reason=str(problem))
            if not forwardings:
                await asyncio.sleep(LOOK_SECONDS)


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel `tasks` until they end: a library may take a cancellation for a server that does not answer."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=INSIST_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
