"""The subscriptions of a service as this worker knows them: a copy of their records that follows what happens."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from pydantic import ValidationError

from scibus.bus import headers as h
from scibus.bus.guarded import Stale
from scibus.bus.records import Record, Records
from scibus.bus.stored import ApiError
from scibus.bus.topology import SUBSCRIPTIONS_BUCKET
from scibus.bus.walking import walk
from scibus.contracts.problems import BackendUnavailable, NotFound
from scibus.runtime.live.each import for_each
from scibus.runtime.live.records import SubscriptionRecord
from scibus.runtime.logs import get_logger

log = get_logger(__name__)

WHOLE_SECONDS = 60.0
"""After so long all records are read anew: what is told may be lost, records are not."""
RETRY_SECONDS = 1.0
TRIES = 20

BUCKET = f"KV_{SUBSCRIPTIONS_BUCKET}"

Change = Callable[[SubscriptionRecord], SubscriptionRecord | None]


class SubscriptionBook:
    """Reads and changes the subscriptions of one service.

    Args:
        connection: to the bus.
        service: whose subscriptions they are.
        woken: called with the id of a subscription whose record has changed.
    """

    def __init__(self, connection: Client, service: str, woken: Callable[[str], None]) -> None:
        self._connection = connection
        self._service = service
        self._woken = woken
        self._records = Records(connection, SUBSCRIPTIONS_BUCKET)
        self._known: dict[str, tuple[int, SubscriptionRecord]] = {}
        self._changed = asyncio.Condition()
        self._told: set[str] = set()
        self._news = asyncio.Event()
        self._whole = True
        self._subscription: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen, and read what there is.

        Raises:
            BackendUnavailable: the bucket is out of reach.
        """
        self._subscription = await self._connection.subscribe(self._records.subject(self._key("*")), cb=self._hear)
        await self.read_all()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._subscription is not None:
            with suppress(NatsError):
                await self._subscription.unsubscribe()

    def reconnected(self) -> None:
        """The connection was lost and is back: whatever was told meanwhile was not heard."""
        self._whole = True
        self._news.set()

    def all(self) -> list[SubscriptionRecord]:
        """What is known, by id."""
        return [self._known[name][1] for name in sorted(self._known)]

    def get(self, name: str) -> SubscriptionRecord | None:
        """What is known of one."""
        found = self._known.get(name)
        return found[1] if found else None

    async def read(self, name: str) -> SubscriptionRecord | None:
        """What the bucket says of one.

        Raises:
            BackendUnavailable: it is out of reach.
        """
        self._note(name, await self._records.read(self._key(name)))
        return self.get(name)

    async def create(self, record: SubscriptionRecord) -> SubscriptionRecord | None:
        """Write the record of a new subscription, in a higher epoch than the last one of its id; None if there is one.

        Raises:
            BackendUnavailable: the bucket is out of reach.
        """
        found = await self._records.read(self._key(record.id))
        if found is None or not found.exists:
            before = int(found.headers.get(h.EPOCH, 0)) if found else 0
            record = record.changed(epoch=max(record.epoch, before + 1))
            with suppress(Stale):
                self._keep(record, await self._write(record, found.revision if found else 0))
                return record
        await self.read(record.id)
        return None

    async def change(self, name: str, change: Change) -> SubscriptionRecord:
        """Write what `change` makes of the record, which may be called again with a newer one; None leaves it alone.

        Raises:
            NotFound: there is no such subscription.
            BackendUnavailable: the bucket is out of reach.
        """
        for _ in range(TRIES):
            # What is known may be old, and `change` may decide to do nothing.
            await self.read(name)
            if name not in self._known:
                raise NotFound(f"there is no subscription {name!r}")
            revision, record = self._known[name]
            changed = change(record)
            if changed is None:
                return record
            try:
                revision = await self._write(changed, revision)
            except Stale:
                continue
            self._keep(changed, revision)
            return changed
        raise BackendUnavailable(f"the subscription {name!r} changes too fast")

    async def remove(self, record: SubscriptionRecord) -> None:
        """Forget the subscription, but not another that has its id by now.

        Raises:
            BackendUnavailable: the bucket is out of reach.
        """
        for _ in range(TRIES):
            found = await self.read(record.id)
            if found is None or found.created_at != record.created_at:
                return
            revision, _ = self._known[record.id]
            await self._records.delete(self._key(record.id), revision, {h.EPOCH: str(found.epoch)})

    async def until(self, name: str, settled: Callable[[SubscriptionRecord | None], bool], seconds: float) -> bool:
        """Wait until what is known of one is `settled`, at most `seconds`; whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: settled(self.get(name)))
        return settled(self.get(name))

    def _key(self, name: str) -> str:
        return f"{self._service}.{name}"

    async def _write(self, record: SubscriptionRecord, after: int) -> int:
        return await self._records.write(
            self._key(record.id), record.model_dump_json(exclude_none=True).encode(), after
        )

    def _keep(self, record: SubscriptionRecord, revision: int) -> None:
        known = self._known.get(record.id)
        if known is None or known[0] < revision:
            self._known[record.id] = revision, record
            self._wake(record.id)

    def _note(self, name: str, found: Record | None) -> None:
        """Keep what the bucket says."""
        if found is None or not found.exists:
            # What was answered late may be older than what is known.
            if found is None or name not in self._known or self._known[name][0] < found.revision:
                self._forget(name)
            return
        try:
            self._keep(SubscriptionRecord.model_validate_json(found.data), found.revision)
        except ValidationError:
            log.error("the record of a subscription cannot be read", subscription=name)

    def _forget(self, name: str) -> None:
        if self._known.pop(name, None):
            self._wake(name)

    def _wake(self, name: str) -> None:
        self._woken(name)
        self._news.set()

    async def _hear(self, message: Msg) -> None:
        """Somebody writes, or tries to: a refused write is heard too, so the bucket is asked."""
        self._told.add(message.subject.rpartition(".")[2])
        self._news.set()

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(WHOLE_SECONDS):
                    await self._news.wait()
            self._whole = self._whole or not self._news.is_set()
            self._news.clear()
            told, self._told = self._told, set()
            try:
                if self._whole:
                    await self.read_all()
                await for_each(told, self.read)
            except Exception as error:  # noqa: BLE001 - whatever it was: who follows no more knows nothing
                log.warning("subscriptions cannot be read", reason=str(error) or repr(error))
                self._told |= told
                self._news.set()
                await asyncio.sleep(RETRY_SECONDS)
            async with self._changed:
                self._changed.notify_all()

    async def read_all(self) -> None:
        """See what the bucket says of all.

        Raises:
            BackendUnavailable: it is out of reach.
        """
        self._whole = False
        found = set()
        try:
            async with aclosing(walk(self._connection, BUCKET, self._records.subject(self._key("*")))) as messages:  # type: ignore[type-var]
                async for message in messages:
                    name = message.subject.rpartition(".")[2]
                    found.add(name)
                    self._note(name, Record.of(message))
        except (ApiError, NatsError, TimeoutError) as error:
            self._whole = True
            raise BackendUnavailable(f"{BUCKET} is out of reach: {error!r}") from error
        for name in self._known.keys() - found:
            await self.read(name)
