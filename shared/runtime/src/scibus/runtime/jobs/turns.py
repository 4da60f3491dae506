"""Turns: one job at a time may use what a key stands for, across all workers."""

import asyncio
import hashlib
import json
import math
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from scibus.bus.guarded import Stale
from scibus.bus.records import TTL, Record, Records
from scibus.contracts.jobs import JobRef
from scibus.contracts.problems import BackendUnavailable

LOOK_SECONDS = 2.0
"""A waiting job looks so often whether the turn is free, also when nobody tells."""
MARK_SECONDS = 60


class Turn:
    """The right to use a key; it ends by itself when it is no longer renewed."""

    def __init__(self, records: Records, key: str, revision: int, value: bytes, seconds: int) -> None:
        self._records = records
        self._key = key
        self._revision = revision
        self._value = value
        self._seconds = seconds
        self._renewing = asyncio.Lock()

    async def renew(self) -> None:
        """Keep the turn.

        Raises:
            Stale: somebody else has it.
            BackendUnavailable: nobody can tell.
        """
        async with self._renewing:
            self._revision = await self._records.write(
                self._key, self._value, self._revision, {TTL: str(self._seconds)}
            )

    async def end(self) -> None:
        """Let the next one have it."""
        async with self._renewing:
            with suppress(BackendUnavailable):
                await self._records.delete(self._key, self._revision, {TTL: str(MARK_SECONDS)})


class Turns:
    """The turns that jobs of one worker wait for and have.

    Args:
        connection: to the server.
        records: the bucket of leases.
        service: whose keys they are.
        seconds: after which a turn that is not renewed ends.
    """

    def __init__(self, connection: Client, records: Records, service: str, seconds: float) -> None:
        self._connection = connection
        self._records = records
        self._service = service
        self._seconds = max(math.ceil(seconds), 1)
        # Of the jobs of this worker only the first one competes with other workers.
        self._queues: defaultdict[str, list[asyncio.Event]] = defaultdict(list)
        self._freed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        """Listen for turns that end."""
        self._subscription = await self._connection.subscribe(
            self._records.subject(f"turn.{self._service}.*"), cb=self._hear
        )

    async def stop(self) -> None:
        """Listen no more."""
        if self._subscription is not None:
            with suppress(NatsError):
                await self._subscription.unsubscribe()

    def key(self, name: str) -> str:
        """The key of a lease; `name` may hold an address, so its digest stands in for it."""
        return f"turn.{self._service}.{hashlib.sha256(name.encode()).hexdigest()[:32]}"

    async def take_now(self, key: str, ref: JobRef) -> Turn | None:
        """The turn, if it is free and nobody waits for it here."""
        return None if self._queues.get(key) else await self._take(key, ref)

    @asynccontextmanager
    async def in_line(self, key: str) -> AsyncIterator[None]:
        """Wait until all who came before have had their turn, as far as they wait here."""
        queue, mine = self._queues[key], asyncio.Event()
        queue.append(mine)
        try:
            if queue[0] is not mine:
                await mine.wait()
            yield
        finally:
            queue.remove(mine)
            if queue:
                queue[0].set()
            else:
                self._queues.pop(key, None)
                self._freed.pop(key, None)

    async def take(self, key: str, ref: JobRef) -> Turn:
        """Wait for the turn as the first in line."""
        while True:
            freed = self._freed[key]
            freed.clear()
            with suppress(BackendUnavailable):
                if turn := await self._take(key, ref):
                    return turn
            with suppress(TimeoutError):
                pause = LOOK_SECONDS * random.uniform(0.75, 1.25)  # noqa: S311 - only spreads the load
                await asyncio.wait_for(freed.wait(), pause)

    async def _take(self, key: str, ref: JobRef) -> Turn | None:
        record = await self._records.read(key)
        if record is not None and record.exists and not _left_by(record, ref):
            return None
        value = json.dumps({"job": str(ref)}).encode()
        after = record.revision if record else 0
        try:
            revision = await self._records.write(key, value, after, {TTL: str(self._seconds)})
        except Stale:
            return None
        return Turn(self._records, key, revision, value, self._seconds)

    async def _hear(self, message: Msg) -> None:
        key = message.subject.removeprefix(self._records.subject(""))
        if key in self._freed and (message.headers or {}).get("KV-Operation"):
            self._freed[key].set()


def _left_by(record: Record, ref: JobRef) -> bool:
    """Whether the turn belongs to an earlier attempt of the same job."""
    with suppress(ValueError, AttributeError):
        return bool(json.loads(record.data).get("job") == str(ref))
    return False
