"""Messages of a JetStream consumer in its order, each once; whatever is lost on the way is noticed.

The server numbers what a consumer delivers. A number that is left out or comes again, or a heartbeat that tells of more
than arrived, means that somebody else uses the consumer or that a connection swallowed messages: then it has to be
opened anew at the place that was reached. (The replies of `$JS.ACK`, ADR-15; heartbeats of pull consumers, ADR-37.)
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import NamedTuple, Self

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from scibus.bus.raw_messages import RawMessage
from scibus.bus.stored import API
from scibus.bus.sturdy import subscribe_raw
from scibus.bus.topology import SECOND

EXPIRES_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0
SILENCE_SECONDS = 12.0
"""Without a heartbeat for so long, the server has forgotten what was asked of it."""
LOOK_SECONDS = 2.0
HEADER_ROOM = 64 * 1024
SHORT_REPLY = 9
"""Parts of an acknowledgement's subject without a domain."""


class Interrupted(Exception):
    """The consumer must be opened anew, at the place that was reached.

    Attributes:
        gone: whether the consumer is not there any more.
    """

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.gone = gone


class Pulled(NamedTuple):
    """A message and where it stands."""

    message: RawMessage
    sequence: int
    """In the stream."""
    number: int
    """Among what the consumer delivered."""
    time: int
    """When the stream took it, in nanoseconds since 1970."""
    pending: int
    """Messages that the consumer has not delivered yet."""


def pulled(message: RawMessage) -> Pulled:
    """What the reply subject of `message` tells.

    Raises:
        ValueError: it is no acknowledgement's.
    """
    parts = message.reply.split(b".")
    first = 5 if len(parts) == SHORT_REPLY else 7
    try:
        sequence, number, moment, pending = parts[first : first + 4]
        return Pulled(message, int(sequence), int(number), int(moment), int(pending))
    except ValueError:
        raise ValueError(f"{message.reply[:80]!r} is no acknowledgement subject") from None


class Pull:
    """Reads one consumer, inside `async with`.

    Args:
        connection: to its server.
        stream: of the consumer.
        consumer: its name.
        batch: messages asked for at once.
        most_bytes: asked for at once; a message larger than that is asked for all the same.
    """

    def __init__(
        self,
        connection: Client,
        stream: str,
        consumer: str,
        *,
        batch: int,
        most_bytes: Callable[[], int],
    ) -> None:
        self._connection = connection
        self._subject = f"{API}.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._last = 0
        self._batch = batch
        self._most_bytes = most_bytes
        self._inbox = connection.new_inbox()
        self._subscription: Subscription | None = None
        self._reconnects = connection.stats["reconnects"]
        self._messages: deque[Pulled] = deque()
        self._bytes = 0
        self._asked = 0
        self._heard = time.monotonic()
        self._broken: Interrupted | None = None
        self._arrived = asyncio.Event()

    async def __aenter__(self) -> Self:
        # What may come is bounded by what is asked for.
        unlimited = {"pending_msgs_limit": -1, "pending_bytes_limit": -1}
        self._subscription = await subscribe_raw(
            self._connection, self._inbox, self._hear, told=self._told, **unlimited
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._subscription is not None:
            with suppress(NatsError):
                await self._subscription.unsubscribe()

    async def next(self, seconds: float) -> list[Pulled]:
        """What has arrived, one batch at most; waits `seconds` for it, and is empty when nothing came.

        Raises:
            Interrupted: the consumer has to be opened anew.
            nats.errors.Error: the connection is closed.
        """
        until = time.monotonic() + seconds
        while not self._messages:
            self._check()
            await self.ask()
            left = min(until - time.monotonic(), LOOK_SECONDS)
            if left <= 0:
                return []
            self._arrived.clear()
            if not (self._messages or self._broken):
                # Not by wait_for, which in Python 3.11 takes a cancellation for an arrival when both come at once.
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._arrived.wait()
        count = min(len(self._messages), self._batch)
        if self._broken is None:
            # While they are still here: who is cancelled meanwhile has lost nothing.
            await self.ask(leaving=count)
        taken = [self._messages.popleft() for _ in range(count)]
        self._bytes -= _size(taken)
        return taken

    def _check(self) -> None:
        is_back = self._connection.stats["reconnects"] != self._reconnects
        if self._broken is None and (is_back or not self._connection.is_connected):
            self._broken = Interrupted("the connection was lost")
        if self._broken is None and self._asked and time.monotonic() - self._heard > SILENCE_SECONDS:
            self._broken = Interrupted("the server is silent")
        if self._broken is not None:
            raise self._broken

    async def ask(self, leaving: int = 0) -> None:
        """Ask for as much as there is room for once `leaving` messages are taken; `next` does it by itself."""
        most_bytes = self._most_bytes()
        waiting = self._bytes - _size(islice(self._messages, leaving))
        wanted = min(2 * self._batch - (len(self._messages) - leaving) - self._asked, self._batch)
        if self._asked > self._batch // 2 or wanted < max(self._batch // 2, 1) or waiting > most_bytes:
            return
        body = {
            "batch": wanted,
            "max_bytes": max(most_bytes, self._connection.max_payload + HEADER_ROOM),
            "expires": int(EXPIRES_SECONDS * SECOND),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * SECOND),
        }
        if not self._asked:
            self._heard = time.monotonic()
        self._asked += wanted
        await self._connection.publish(self._subject, json.dumps(body).encode(), reply=self._inbox)

    def _hear(self, message: RawMessage) -> None:
        if self._broken is not None:
            return
        try:
            one = pulled(message)
        except ValueError:
            return
        self._heard = time.monotonic()
        self._asked = max(self._asked - 1, 0)
        if one.number == self._last + 1:
            self._last = one.number
            self._messages.append(one)
            self._bytes += len(message.data)
            self._arrived.set()
        elif one.number > self._last:
            self.interrupt("messages of the consumer went elsewhere")
        else:
            self.interrupt("somebody has set the consumer back")

    def _told(self, headers: Mapping[str, str]) -> None:
        self._heard = time.monotonic()
        code, left = headers.get("Status"), headers.get("Nats-Pending-Messages")
        if code == "100":
            if int(headers.get("Nats-Last-Consumer") or 0) > self._last:
                self.interrupt("messages were lost on their way")
        elif code in ("404", "408", "409") and left is not None:
            self._asked = max(self._asked - int(left), 0)
            self._arrived.set()
        else:
            reason = headers.get("Description") or f"status {code}"
            self.interrupt(f"the server says: {reason}", gone=code == "503" or "eleted" in reason)

    def interrupt(self, reason: str, *, gone: bool = False) -> None:
        """Let whoever waits for messages be told so."""
        if self._broken is None:
            self._broken = Interrupted(reason, gone=gone)
        self._arrived.set()


def _size(messages: Iterable[Pulled]) -> int:
    return sum(len(one.message.data) for one in messages)
