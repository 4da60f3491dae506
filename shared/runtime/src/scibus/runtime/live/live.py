"""The live data of one worker: what is asked about its subscriptions."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from nats.aio.client import Client

from scibus.bus.blobs import Blobs
from scibus.bus.sturdy import SturdyClient
from scibus.contracts.live import (
    SeekOrder,
    SubscribeOrder,
    SubscriptionQuery,
    Subscriptions,
    SubscriptionsQuery,
    SubscriptionState,
    UnsubscribeOrder,
)
from scibus.contracts.problems import Conflict, InternalError, NotFound
from scibus.contracts.subjects import data_subject
from scibus.runtime.live.book import SubscriptionBook
from scibus.runtime.live.lane import Standing, read_standing
from scibus.runtime.live.records import SubscriptionRecord
from scibus.runtime.live.source import LiveSource
from scibus.runtime.live.watch import Watch
from scibus.runtime.metrics import Metrics

LEAST_SECONDS = 0.5
SETTLE_SECONDS = 15.0
"""How long an answer waits for the worker that forwards: until another one has taken over, if need be."""


class LiveData:
    """Handlers of a service with live data ask this.

    Args:
        service: name of the service.
        instance: this worker.
        source: where its datasets are.
        metrics: of the worker.
    """

    def __init__(self, service: str, instance: str, source: LiveSource, metrics: Metrics) -> None:
        self._service = service
        self._instance = instance
        self._source = source
        self._metrics = metrics
        self._connection: SturdyClient | None = None
        self._watch: Watch | None = None

    async def start(self, connection: Client, blobs: Blobs) -> None:
        """Begin to forward.

        Raises:
            BackendUnavailable: the bus's streams are out of reach.
        """
        if not isinstance(connection, SturdyClient):
            raise TypeError("live data takes a connection of the bus's own")
        self._connection = connection
        self._watch = Watch(connection, blobs, self._service, self._instance, self._source, self._metrics)
        await self._watch.start()

    def reconnected(self) -> None:
        """The connection was lost and is back."""
        if self._watch is not None:
            self._watch.book.reconnected()

    async def stop_taking(self) -> None:
        """Nothing is to be done: new subscriptions come as requests."""

    async def finish(self, seconds: float) -> None:
        """Forward no more, in `seconds` at most; others take over at once."""
        if self._watch is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._watch.stop(), max(seconds, LEAST_SECONDS))

    async def close(self) -> None:
        """Hear no more of what others do: nobody waits for an answer any longer."""
        if self._watch is not None:
            await self._watch.book.stop()

    async def subscribe(self, order: SubscribeOrder) -> SubscriptionState:
        """Forward a dataset; the state once its source has accepted.

        Raises:
            Conflict: the id is that of a subscription to another dataset, or of one that is just being ended.
            Problem: what the source says against it; then there is no subscription.
        """
        book, watch = self._book, self._running
        standing = await self._standing(order.name)
        record = SubscriptionRecord.new(order, standing.epoch + 1, standing.last, self._instance)
        created = await book.create(record)
        if created is None:
            return await self._existing(order)
        if (problem := await watch.opened(created)) is not None:
            await book.remove(created)
            raise problem
        return self._state(order.name)

    async def _existing(self, order: SubscribeOrder) -> SubscriptionState:
        ended = Conflict(f"the subscription {order.name!r} was just ended: ask again", retryable=True)
        found = self._book.get(order.name)
        if found is None:
            raise ended
        if found.dataset != order.dataset:
            raise Conflict(f"the subscription {order.name!r} is to {found.dataset!r}: choose another id")
        if found.leaving:
            raise Conflict(f"the subscription {order.name!r} is being ended: ask again", retryable=True)
        try:
            return await self._settled(order.name, existing=True)
        except NotFound as gone:
            raise ended from gone

    async def unsubscribe(self, order: UnsubscribeOrder) -> SubscriptionState:
        """End a subscription; what was forwarded stays for as long as the stream keeps it.

        Raises:
            NotFound: there is none of that id.
        """
        leaving = "keep" if order.keep_cursor else "drop"
        record = await self._book.change(order.id, lambda record: record.changed(leaving=leaving))
        await self._book.until(order.id, lambda now: now is None, SETTLE_SECONDS)
        return record.state(self._service)

    async def seek(self, order: SeekOrder) -> SubscriptionState:
        """Let a subscription go on elsewhere, in a new epoch.

        Raises:
            NotFound: there is none of that id.
        """
        standing = await self._standing(order.id)
        moved = await self._changed(order, lambda record: record.moved(order, standing.last))
        return await self._settled(order.id, epoch=moved.epoch)

    async def pause(self, query: SubscriptionQuery) -> SubscriptionState:
        """Forward nothing for now.

        Raises:
            NotFound: there is none of that id.
        """
        await self._changed(query, lambda record: record.changed(paused=True))
        return await self._settled(query.id)

    async def resume(self, query: SubscriptionQuery) -> SubscriptionState:
        """Go on where it stopped.

        Raises:
            NotFound: there is none of that id.
        """
        await self._changed(
            query, lambda record: record.changed(paused=False, quiet=False, phase="starting") if record.paused else None
        )
        return await self._settled(query.id)

    async def subscriptions(self, query: SubscriptionsQuery) -> Subscriptions:
        """How the subscriptions stand, by id.

        Raises:
            BackendUnavailable: the bucket is out of reach.
        """
        await self._book.read_all()
        chosen = [record for record in self._book.all() if query.dataset in (None, record.dataset)]
        return Subscriptions(subscriptions=[record.state(self._service) for record in chosen])

    async def _changed(
        self, query: SubscriptionQuery | SeekOrder, change: Callable[[SubscriptionRecord], SubscriptionRecord | None]
    ) -> SubscriptionRecord:
        def unless_leaving(record: SubscriptionRecord) -> SubscriptionRecord | None:
            if record.leaving:
                raise NotFound(f"the subscription {query.id!r} is being ended")
            return change(record)

        return await self._book.change(query.id, unless_leaving)

    async def _settled(self, name: str, *, epoch: int = 0, existing: bool = False) -> SubscriptionState:
        """The state once the worker that forwards has said something."""

        def is_settled(record: SubscriptionRecord | None) -> bool:
            if record is None or record.leaving:
                return True
            return record.epoch >= epoch and (record.is_quiet if record.paused else record.phase != "starting")

        await self._book.until(name, is_settled, SETTLE_SECONDS)
        return self._state(name, existing=existing)

    def _state(self, name: str, *, existing: bool = False) -> SubscriptionState:
        record = self._book.get(name)
        if record is None:
            raise NotFound(f"the subscription {name!r} has ended")
        return record.state(self._service, existing=existing)

    async def _standing(self, name: str) -> Standing:
        if self._connection is None:
            raise InternalError("the worker has not started")
        return await read_standing(self._connection, data_subject(self._service, name))

    @property
    def _running(self) -> Watch:
        if self._watch is None:
            raise InternalError("the worker forwards nothing: its server has no streams")
        return self._watch

    @property
    def _book(self) -> SubscriptionBook:
        return self._running.book
