"""The data subject of one subscription: where it stands, and how messages get onto it in order, each once.

The stream itself is the record of what was forwarded. A batch is taken only where the last message is the one that was
seen, so of two workers one is refused, and looks again.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from nats.errors import Error as NatsError

from scibus.bus.batches import LARGEST_BATCH, BatchPublisher, Outgoing
from scibus.bus.blobs import Blobs
from scibus.bus.live import DataHeaders, LivePlace, read_place
from scibus.bus.stored import EPOCH, ApiError, api, last_message
from scibus.bus.sturdy import SturdyClient
from scibus.bus.topology import DATA
from scibus.bus.walking import walk
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BackendUnavailable
from scibus.contracts.subjects import data_subject
from scibus.runtime.live.source import Reached, SourceMessage
from scibus.runtime.replies import SPARE

FEW = 32
"""So many messages go faster one by one: the server needs about 10 ms for a batch, whatever is in it."""
WRITTEN_TWICE = 32 * 1024
"""Bytes that cost as much as one message more: what is in a batch is written twice."""
LARGEST_BYTES = 4 * 1024 * 1024
"""Of one batch, unless a single message is larger."""


@dataclass(frozen=True)
class Standing:
    """Where a data subject stands: the sequence of its last message in the stream, and what that one tells."""

    last: int
    epoch: int
    reached: Reached | None


async def bus_name(connection: SturdyClient) -> str:
    """What stands for this bus: when its stream of live data was made.

    Raises:
        BackendUnavailable: the stream is out of reach.
    """
    try:
        created = (await api(connection, f"STREAM.INFO.{DATA}"))["created"]
    except (ApiError, NatsError, TimeoutError) as error:
        raise BackendUnavailable(f"{DATA} does not answer: {error!r}") from error
    return hashlib.sha256(created.encode()).hexdigest()[:8]


async def read_standing(connection: SturdyClient, subject: str) -> Standing:
    """What the stream's leader says.

    Raises:
        BackendUnavailable: the stream is out of reach.
    """
    try:
        found = await last_message(connection, DATA, subject)
    except (ApiError, NatsError, TimeoutError) as error:
        raise BackendUnavailable(f"{DATA} does not answer: {error!r}") from error
    if found is None:
        return Standing(0, 0, None)
    place = read_place(found.headers) or await _last_place(connection, subject)
    if place is None:
        return Standing(found.sequence, 0, None)
    return Standing(found.sequence, place.epoch, Reached(place.sequence, place.time))


async def _last_place(connection: SturdyClient, subject: str) -> LivePlace | None:
    """The place of the last message that tells one, where somebody else has put a message of their own after it."""
    last = None
    try:
        async for message in walk(connection, DATA, subject, since=EPOCH, headers_only=True):
            last = read_place(message.headers) or last
    except (ApiError, NatsError, TimeoutError) as error:
        raise BackendUnavailable(f"{DATA} does not answer: {error!r}") from error
    return last


class Lane:
    """Puts the messages of one subscription's epoch onto its subject.

    Args:
        connection: to the bus.
        publisher: shared by the lanes of a worker.
        blobs: for what does not fit into a message.
        service: whose subscription it is.
        subscription: its id.
        dataset: its dataset.
        instance: this worker.
        epoch: of all messages.
    """

    def __init__(
        self,
        connection: SturdyClient,
        publisher: BatchPublisher,
        blobs: Blobs,
        *,
        service: str,
        subscription: str,
        dataset: str,
        instance: str,
        epoch: int,
    ) -> None:
        self._connection = connection
        self._publisher = publisher
        self._blobs = blobs
        self._folder = (service, subscription, str(epoch))
        self._headers = DataHeaders(service, subscription, dataset, instance, epoch)
        self.subject = data_subject(service, subscription)
        self.last = 0
        """Sequence of the last message on the subject, as far as it was seen."""

    async def look(self) -> Standing:
        """Where the subject stands; what is put next must follow that.

        Raises:
            BackendUnavailable: the stream is out of reach.
        """
        standing = await read_standing(self._connection, self.subject)
        self.last = standing.last
        return standing

    async def pack(self, messages: Sequence[SourceMessage]) -> list[Outgoing]:
        """The first of `messages`, as many as make a batch, ready to be put.

        Raises:
            BackendUnavailable: the object store did not take what is too large for a message.
        """
        batch: list[Outgoing] = []
        size = 0
        for message in messages[: LARGEST_BATCH if _are_worth_a_batch(messages) else 1]:
            size += len(message.data)
            if batch and size > LARGEST_BYTES:
                break
            batch.append(await self._outgoing(message))
        return batch

    async def put(self, batch: Sequence[Outgoing]) -> None:
        """Put all of `batch`.

        Raises:
            Stale: somebody else has put something; look again.
            BackendUnavailable: whether they are stored is not known; look again.
        """
        self.last = await self._publisher.publish(self.subject, batch, self.last)

    async def _outgoing(self, message: SourceMessage) -> Outgoing:
        lines = self._headers.lines(message.sequence, message.time, message.head)
        if len(lines) + len(message.data) <= self._connection.max_payload - SPARE:
            return Outgoing(lines, message.data)
        ref = await self._stored(message)
        return Outgoing(self._headers.lines(message.sequence, message.time, message.head, ref), b"")

    async def _stored(self, message: SourceMessage) -> BlobRef:
        async def content() -> AsyncIterator[bytes]:
            yield message.data

        name = self._blobs.new_name(*self._folder, str(message.sequence), "message")
        return await self._blobs.put(name, content(), media_type="application/octet-stream", filename="message")


def _are_worth_a_batch(messages: Sequence[SourceMessage]) -> bool:
    if len(messages) <= FEW:
        return False
    return len(messages) > FEW + sum(len(message.data) for message in messages) // WRITTEN_TWICE
