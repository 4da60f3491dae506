"""Reads the messages of one subscription off the bus: in order, each once, gaps told, however often the link breaks."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from datetime import datetime

from nats.aio.client import Client
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError

from scibus.bus import headers as h
from scibus.bus.blobs import Blobs
from scibus.bus.errors import NoAnswer
from scibus.bus.live import LivePlace, SourceHeaders, read_dataset, read_place
from scibus.bus.pulling import Interrupted, Pull, Pulled
from scibus.bus.stored import ApiError, api
from scibus.bus.topology import DATA
from scibus.client.live.consumers import LastRead, ReaderConsumer
from scibus.contracts.live import Gap, LiveMessage
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Problem, TooLarge

BATCH = 500
BUFFER_BYTES = 4 * 1024 * 1024
LARGEST_BLOB = 256 * 1024 * 1024
WAIT_SECONDS = 10.0
TELL_SECONDS = 5.0
AGAIN_SECONDS = 0.05
LONGEST_PAUSE = 2.0
ATTEMPTS_AT_FIRST = 5
ACKNOWLEDGED = b"+ACK"
NOT_KEPT = "the bus kept them no longer"


class ReaderClosed(Exception):
    """The reader was closed: no message will come."""


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
        self._last: LastRead | None = None
        self._done: LastRead | None = None
        self._jumps = False
        self._is_closed = False
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
        self._is_closed = True
        if self._pull is not None:
            self._pull.interrupt("the reader is closed")
        await self._stack.aclose()
        with suppress(ApiError, BackendUnavailable, NatsError, TimeoutError):
            if self._done is not None:
                await self._consumer.tell(self._done)
        with suppress(ApiError, BackendUnavailable, NatsError, TimeoutError):
            await self._consumer.close()

    def jump(self, after: int, epoch: int) -> None:
        """Go on after the sequence `after` in the stream, with messages of `epoch`."""
        self._least_epoch, self._least_sequence, self._least_time = epoch, 0, None
        if self._last is not None and self._last.epoch >= epoch:
            # It has come there by itself meanwhile.
            return
        self._after, self._last = after, None
        self._jumps, self._read = True, None
        self._waiting.clear()
        if self._pull is not None:
            self._pull.interrupt("the subscription was moved")

    async def next(self) -> LiveMessage:
        """The next message, however long it takes.

        Raises:
            ReaderClosed: it was closed.
            Conflict: another program reads under the reader's name now.
            NotFound: the stream is gone, or the body of a message is; the next message can be had.
            NoAnswer: the connection is closed.
        """
        while True:
            one = await self._first()
            headers = one.message.headers
            place = read_place(headers)
            try:
                # It is taken when it is whole: who is cancelled meanwhile has lost nothing.
                message = await self._message(one, headers, place) if place and self._counts(place) else None
            except (BackendUnavailable, NatsError, TimeoutError):
                self._check()
                await self._pause()
                continue
            except Problem:
                self._take(one, place)
                raise
            if not self._take(one, place):
                continue
            if message is not None:
                self._read = one
                return message
            await self._acknowledge(one)

    async def done(self) -> None:
        """The message that came last counts as done."""
        if self._read is not None:
            one, self._read, self._done = self._read, None, self._last
            await self._acknowledge(one)

    async def _first(self) -> Pulled:
        """The next message, which stays until it is taken."""
        while True:
            while self._waiting:
                if self._waiting[0].sequence > (self._after or 0):
                    return self._waiting[0]
                # A durable consumer gives out again what was not acknowledged for long.
                self._waiting.popleft()
            await self._fetch()

    async def _fetch(self) -> None:
        """What has arrived, or a consumer opened anew; waits for it."""
        self._check()
        try:
            pull = self._pull if self._pull is not None and not self._jumps else await self._open()
            came = await pull.next(WAIT_SECONDS)
            self._waiting.extend(one for one in came if not self._jumps)
            self._fails = 0
        except ConnectionClosedError as error:
            raise NoAnswer("the connection to the bus is closed") from error
        except (ApiError, BackendUnavailable, Interrupted, NatsError, TimeoutError):
            self._check()
            # The next consumer goes on after the last message that was taken.
            self._pull = None
            await self._pause()

    def _take(self, one: Pulled, place: LivePlace | None) -> bool:
        """Take the first message, if it is still `one`; otherwise the reader has jumped."""
        if not self._waiting or self._waiting[0] is not one:
            return False
        self._waiting.popleft()
        self._after, self._fails = one.sequence, 0
        if place is not None and self._counts(place):
            self._last = LastRead(place.sequence, place.epoch, one.sequence)
        return True

    def _check(self) -> None:
        if self._is_closed:
            raise ReaderClosed
        if self._connection.is_closed:
            raise NoAnswer("the connection to the bus is closed")

    async def _pause(self) -> None:
        pause = 0.0 if not self._fails else min(AGAIN_SECONDS * 2.0**self._fails, LONGEST_PAUSE)
        self._fails = min(self._fails + 1, 10)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the load

    async def _open(self) -> Pull:
        await self._stack.aclose()
        self._pull, self._jumps = None, False
        opened = await self._consumer.open(self._after)
        if self._is_closed:
            await self._consumer.close()
            raise ReaderClosed
        if self._jumps:
            raise Interrupted("the subscription was moved meanwhile")
        self._after = opened.after
        if self._last is None:
            self._last = opened.known
        pull = Pull(self._connection, DATA, opened.name, batch=BATCH, most_bytes=lambda: BUFFER_BYTES)
        self._pull = await self._stack.enter_async_context(pull)
        return self._pull

    def _counts(self, place: LivePlace) -> bool:
        """Whether a message is for this reader."""
        if place.epoch != self._least_epoch:
            return place.epoch > self._least_epoch
        is_early = self._least_time is not None and place.time < self._least_time
        return place.sequence >= self._least_sequence and not is_early

    async def _message(self, one: Pulled, headers: Mapping[str, str], place: LivePlace) -> LiveMessage:
        """What a reader gets."""
        gap = await self._gap(place.epoch, place.sequence)
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

    async def _gap(self, epoch: int, sequence: int) -> Gap | None:
        last = self._last
        if last is None or (epoch == last.epoch and sequence <= last.sequence + 1):
            return None
        expired = await self._has_expired(last.at)
        if epoch != last.epoch:
            return Gap(last.sequence, None, NOT_KEPT) if expired else None
        return Gap(last.sequence, sequence, NOT_KEPT if expired else "the source did not give them")

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
        async with aclosing(self._blobs.read(ref)) as chunks:
            body = b"".join([chunk async for chunk in chunks])
        if len(body) != ref.size:
            raise BadBackendAnswer("a message is not as long as its reference says")
        return body

    async def _acknowledge(self, one: Pulled) -> None:
        if not self._consumer.keeps_place:
            return
        # Where this is lost the message comes again to whoever reads under the name next.
        with suppress(NatsError):
            await self._connection.publish(one.message.reply.decode(), ACKNOWLEDGED)
        if self._done is not None and time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            with suppress(ApiError, BackendUnavailable, NatsError, TimeoutError):
                await self._consumer.tell(self._done)
