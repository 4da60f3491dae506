"""Reads the messages of one subscription off the bus: in order, each once, gaps told, however often the link breaks."""

import asyncio
import random
import time
from collections import deque
from contextlib import AsyncExitStack, suppress
from datetime import datetime

from nats.aio.client import Client
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError

from scibus.bus import headers as h
from scibus.bus.blobs import Blobs
from scibus.bus.errors import NoAnswer
from scibus.bus.live import SourceHeaders, read_dataset, read_place
from scibus.bus.pulling import Interrupted, Pull, Pulled
from scibus.bus.stored import ApiError, api
from scibus.bus.topology import DATA
from scibus.client.live.consumers import ReaderConsumer
from scibus.contracts.live import Gap, LiveMessage
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, TooLarge

BATCH = 500
BUFFER_BYTES = 4 * 1024 * 1024
LARGEST_BLOB = 256 * 1024 * 1024
WAIT_SECONDS = 10.0
TELL_SECONDS = 5.0
AGAIN_SECONDS = 0.05
LONGEST_PAUSE = 2.0
ATTEMPTS_AT_FIRST = 5
ACKNOWLEDGED = b"+ACK"


class Reader:
    """Reads from one consumer, inside `async with`.

    Args:
        connection: to the bus.
        blobs: where large messages are.
        subscription: its id.
        consumer: to read from.
        after: sequence in the stream after which to begin; None: with what comes next.
        least_epoch: of messages that count.
        least_sequence: at the source, in that epoch.
        least_time: at the source, in that epoch.
    """

    def __init__(
        self,
        connection: Client,
        blobs: Blobs,
        subscription: str,
        consumer: ReaderConsumer,
        *,
        after: int | None,
        least_epoch: int = 0,
        least_sequence: int = 0,
        least_time: datetime | None = None,
    ) -> None:
        self._connection = connection
        self._blobs = blobs
        self._subscription = subscription
        self._consumer = consumer
        self._after = after
        self._least_epoch = least_epoch
        self._least_sequence = least_sequence
        self._least_time = least_time
        self._last: tuple[int, int] | None = None
        self._jumps = False
        self._pull: Pull | None = None
        self._waiting: deque[Pulled] = deque()
        self._stack = AsyncExitStack()
        self._read: Pulled | None = None
        self._told = time.monotonic()
        self._fails = 0

    async def open(self) -> None:
        """Begin.

        Raises:
            NotFound: the bus has no live data.
            NoAnswer: JetStream is out of reach.
        """
        for trial in range(1, ATTEMPTS_AT_FIRST + 1):
            try:
                await self._open()
                return
            except (ApiError, BackendUnavailable, NatsError, TimeoutError) as error:
                if trial == ATTEMPTS_AT_FIRST:
                    raise NoAnswer(f"{DATA} is out of reach: {error!r}") from error
                await asyncio.sleep(AGAIN_SECONDS * 2**trial)

    async def close(self) -> None:
        """End; what was not done is there again for a reader of the same name."""
        with suppress(ApiError, BackendUnavailable, NatsError, TimeoutError):
            await self._stack.aclose()
            if self._last is not None:
                await self._consumer.tell(*self._last)
            await self._consumer.close()

    def jump(self, after: int, epoch: int) -> None:
        """Go on after the sequence `after` in the stream, with messages of `epoch`."""
        self._after, self._least_epoch = after, epoch
        self._least_sequence, self._least_time, self._last = 0, None, None
        self._jumps, self._read = True, None
        self._waiting.clear()
        if self._pull is not None:
            self._pull.interrupt("the subscription was moved")

    async def next(self) -> LiveMessage:
        """The next message, however long it takes.

        Raises:
            Conflict: another program reads under the reader's name now.
            NotFound: the stream is gone, or the body of a message is.
            NoAnswer: the connection is closed.
        """
        while True:
            before = self._after
            one = await self._next()
            message = await self._message(one, before or 0)
            if message is not None:
                self._read = one
                return message
            await self._acknowledge(one)

    async def done(self) -> None:
        """The message that came last counts as done."""
        if self._read is not None:
            one, self._read = self._read, None
            await self._acknowledge(one)

    async def _next(self) -> Pulled:
        while not self._waiting:
            try:
                pull = self._pull if self._pull is not None and not self._jumps else await self._open()
                self._waiting.extend(await pull.next(WAIT_SECONDS))
                self._fails = 0
            except ConnectionClosedError as error:
                raise NoAnswer("the connection to the bus is closed") from error
            except (ApiError, BackendUnavailable, Interrupted, NatsError, TimeoutError):
                await self._again()
        one = self._waiting.popleft()
        self._after = one.sequence
        return one

    async def _again(self) -> None:
        """Forget the consumer as it was; the next one goes on after the last message that was taken."""
        if self._connection.is_closed:
            raise NoAnswer("the connection to the bus is closed")
        self._pull = None
        pause = 0.0 if not self._fails else min(AGAIN_SECONDS * 2.0**self._fails, LONGEST_PAUSE)
        self._fails = min(self._fails + 1, 10)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the load

    async def _open(self) -> Pull:
        await self._stack.aclose()
        self._pull, self._jumps = None, False
        opened = await self._consumer.open(self._after)
        self._after = opened.after
        if self._last is None:
            self._last = opened.known
        pull = Pull(self._connection, DATA, opened.name, batch=BATCH, most_bytes=lambda: BUFFER_BYTES)
        self._pull = await self._stack.enter_async_context(pull)
        return self._pull

    async def _message(self, one: Pulled, before: int) -> LiveMessage | None:
        """What a reader gets; None where it is not for this one. `before` is the last sequence taken in the stream."""
        headers = one.message.headers
        place = read_place(headers)
        if place is None or place.epoch < self._least_epoch:
            return None
        if place.epoch == self._least_epoch and self._is_before(place.sequence, place.time):
            return None
        gap = await self._gap(place.epoch, place.sequence, before)
        self._last = place.sequence, place.epoch
        data = one.message.data
        if reference := headers.get(h.BLOB):
            data = await self._body(reference)
        return LiveMessage(
            data=data,
            sequence=place.sequence,
            time=place.time,
            dataset=read_dataset(headers),
            epoch=place.epoch,
            subscription=self._subscription,
            headers=SourceHeaders(one.message.head),
            gap=gap,
        )

    def _is_before(self, sequence: int, moment: datetime) -> bool:
        return sequence < self._least_sequence or (self._least_time is not None and moment < self._least_time)

    async def _gap(self, epoch: int, sequence: int, taken: int) -> Gap | None:
        if self._last is None:
            return None
        before, known_epoch = self._last
        if epoch == known_epoch and sequence <= before + 1:
            return None
        expired = await self._has_expired(taken)
        if epoch != known_epoch:
            return Gap(before, None, "the bus kept them no longer") if expired else None
        reason = "the bus kept them no longer" if expired else "the source did not give them"
        return Gap(before, sequence, reason)

    async def _has_expired(self, taken: int) -> bool:
        """Whether the stream has lost what came after the sequence `taken`."""
        try:
            told = await api(self._connection, f"STREAM.INFO.{DATA}")
        except (ApiError, BackendUnavailable, NatsError, TimeoutError):
            return False
        return bool(told["state"]["first_seq"] > taken + 1)

    async def _body(self, reference: str) -> bytes:
        ref = h.decode_blob(reference)
        if ref.size > LARGEST_BLOB:
            raise TooLarge(f"a message has {ref.size} bytes; fetch it with `scibus get {ref.name}`")
        body = b"".join([chunk async for chunk in self._blobs.read(ref)])
        if len(body) != ref.size:
            raise BadBackendAnswer("a message is not as long as its reference says")
        return body

    async def _acknowledge(self, one: Pulled) -> None:
        if not self._consumer.keeps_place:
            return
        # Where this is lost the message comes again to whoever reads under the name next.
        with suppress(NatsError):
            await self._connection.publish(one.message.reply.decode(), ACKNOWLEDGED)
        if self._last is not None and time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            with suppress(ApiError, BackendUnavailable, NatsError, TimeoutError):
                await self._consumer.tell(*self._last)
