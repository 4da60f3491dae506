"""The chunks of an object in the object store, pulled from its stream with a bounded number under way."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError

from scibus.bus.stored import API, ApiError, api, is_missing
from scibus.contracts.problems import BackendUnavailable

STEP_SECONDS = 10.0
LISTEN_SECONDS = 1.0
STALLS = 3
"""Steps in a row without progress after which a transfer is given up."""
PAUSE_SECONDS = 0.5
IDLE_NANOSECONDS = 30 * 1_000_000_000
NOTHING_THERE = ("404", "408")
"""What the server answers where fewer messages are left than were asked for."""


class ChunksGone(Exception):
    """Some of the chunks are not stored any more."""


class _Stalled(Exception):
    """This consumer gives no more; another one may."""


async def pulled_chunks(
    connection: Client, bucket: str, nuid: str, count: int, at_once: int
) -> AsyncGenerator[bytes, None]:
    """The `count` chunks of the object `nuid`, of which no more than `at_once` wait in memory.

    Raises:
        ChunksGone: some of the chunks are not stored any more.
        BackendUnavailable: the server stopped giving them (retryable).
    """
    position, stalls = 0, 0
    while count:
        puller = _Puller(connection, f"OBJ_{bucket}", f"$O.{bucket}.C.{nuid}")
        try:
            async with aclosing(puller.chunks(position, count, at_once)) as chunks:
                async for sequence, chunk in chunks:
                    count, position, stalls = count - 1, sequence, 0
                    yield chunk
        except (ChunksGone, _Stalled, ApiError, BackendUnavailable, NatsError, TimeoutError) as error:
            stalls += 1
            if stalls == STALLS:
                if isinstance(error, ChunksGone):
                    raise
                raise BackendUnavailable(f"the object store {bucket} stopped in the middle of a blob") from error
            # Of several replicas the consumer may sit on one that has not heard of the newest chunks yet.
            await asyncio.sleep(PAUSE_SECONDS)


class _Puller:
    """One consumer of one object's chunks, for as long as it gives them without a gap."""

    def __init__(self, connection: Client, stream: str, subject: str) -> None:
        self._connection = connection
        self._stream = stream
        self._subject = subject
        self._name = connection._nuid.next().decode()
        self._inbox = connection.new_inbox()
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        """Never more than were asked for."""
        self._reconnects = connection.stats["reconnects"]

    async def chunks(self, position: int, count: int, at_once: int) -> AsyncGenerator[tuple[int, bytes], None]:
        """Chunks after the stream sequence `position`, each with its own."""
        try:
            await self._create(position)
        except ApiError as error:
            if is_missing(error):
                raise ChunksGone from error
            raise
        # Not by `next_msg`: nats-py makes a task for each message and waits for the system's random bytes to name it.
        listening = await self._connection.subscribe(self._inbox, cb=self._arrived.put)
        try:
            asked = min(at_once, count)
            await self._ask(asked)
            free = 0
            for received in range(1, count + 1):
                message = await self._next()
                sequence = message.metadata.sequence
                if sequence.consumer != received:
                    raise _Stalled("a chunk was lost on its way")
                # Half of what may wait is asked for anew at a time: neither a gap nor a question for each chunk.
                free += 1
                if free * 2 >= at_once and asked < count:
                    more = min(free, count - asked)
                    await self._ask(more)
                    asked, free = asked + more, 0
                yield sequence.stream, message.data
        finally:
            with suppress(NatsError):
                await listening.unsubscribe()
                await self._connection.publish(f"{API}.CONSUMER.DELETE.{self._stream}.{self._name}")

    async def _create(self, position: int) -> None:
        start: dict[str, Any] = (
            {"deliver_policy": "by_start_sequence", "opt_start_seq": position + 1}
            if position
            else {"deliver_policy": "all"}
        )
        config = {
            "name": self._name,
            "filter_subject": self._subject,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": IDLE_NANOSECONDS,
            **start,
        }
        path = f"CONSUMER.CREATE.{self._stream}.{self._name}"
        await api(self._connection, path, {"stream_name": self._stream, "config": config})

    async def _ask(self, batch: int) -> None:
        subject = f"{API}.CONSUMER.MSG.NEXT.{self._stream}.{self._name}"
        # All of them are stored already. One that is not there never comes, and the server says so at once.
        asked = json.dumps({"batch": batch, "no_wait": True}).encode()
        await self._connection.publish(subject, asked, reply=self._inbox)

    async def _next(self) -> Msg:
        for _ in range(int(STEP_SECONDS / LISTEN_SECONDS)):
            try:
                async with asyncio.timeout(LISTEN_SECONDS):
                    message = await self._arrived.get()
            except TimeoutError:
                if self._connection.is_closed:
                    raise ConnectionClosedError from None
                if self._connection.stats["reconnects"] != self._reconnects:
                    raise _Stalled("the connection was lost and is back") from None
                continue
            status = None if message.data else (message.headers or {}).get("Status")
            if status in NOTHING_THERE:
                raise ChunksGone
            if status:
                raise _Stalled(f"the server answered {status}")
            return message
        raise _Stalled(f"no chunk within {STEP_SECONDS:g} s")
