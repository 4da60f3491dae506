"""A job as it comes out of the stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from scibus.bus.job_ids import sequenced_id
from scibus.bus.stored import StoredMessage, api
from scibus.contracts.jobs import JobRef

NAMED_DOTS = 5
"""In `scibus.v1.job.<service>.<operation>.<job_id>`."""


class Receipt(Protocol):
    """What can be told to the stream about a job that it gave out."""

    async def done(self) -> None:
        """The job is over: the stream may forget it."""
        ...

    async def again(self, delay: float = 0.0) -> None:
        """Give the job out again after `delay` seconds."""
        ...

    async def busy(self) -> None:
        """The job is still being worked on."""
        ...


@dataclass
class Delivery:
    """One job as it was submitted."""

    ref: JobRef
    sequence: int
    submitted_at: datetime
    headers: Mapping[str, str]
    data: bytes
    receipt: Receipt
    is_named: bool
    """Whether the submitter chose the id."""
    times: int = 0
    """How often the server says that it has given the job out; it may be wrong after a crash."""


class MessageReceipt:
    """Of a message that a consumer delivered."""

    def __init__(self, message: Msg) -> None:
        self._message = message

    async def done(self) -> None:
        """Acknowledge."""
        await self._tell(b"+ACK")

    async def again(self, delay: float = 0.0) -> None:
        """Acknowledge negatively; the server keeps the delay."""
        await self._tell(b'-NAK {"delay": %d}' % int(delay * 1e9) if delay > 0 else b"-NAK")

    async def busy(self) -> None:
        """Start the acknowledgement wait anew."""
        await self._tell(b"+WPI")

    async def _tell(self, word: bytes) -> None:
        try:
            await self._message._client.publish(self._message.reply, word)
        except NatsError:
            # The stream gives the job out again, and whoever gets it finds what became of it.
            return


class StoredReceipt:
    """Of a message that nobody was given: it lies in the stream."""

    def __init__(self, connection: Client, stream: str, sequence: int) -> None:
        self._connection = connection
        self._stream = stream
        self._sequence = sequence

    async def done(self) -> None:
        """Take the message out of the stream."""
        try:
            await api(self._connection, f"STREAM.MSG.DELETE.{self._stream}", {"seq": self._sequence, "no_erase": True})
        except Exception:  # noqa: BLE001 - whoever is given the message finds that the job is over
            return

    async def again(self, delay: float = 0.0) -> None:
        """It lies there still."""

    async def busy(self) -> None:
        """It lies there still."""


def delivered(message: Msg, created: datetime) -> Delivery:
    """The job in a message of a consumer; `created` tells when its stream was made."""
    metadata = message.metadata
    sequence = metadata.sequence.stream
    return Delivery(
        ref=job_ref(message.subject, created, sequence),
        sequence=sequence,
        submitted_at=metadata.timestamp.astimezone(UTC),
        headers=message.headers or {},
        data=message.data,
        receipt=MessageReceipt(message),
        is_named=_is_named(message.subject),
        times=metadata.num_delivered,
    )


def lying(message: StoredMessage, created: datetime, connection: Client, stream: str) -> Delivery:
    """The job in a message that lies in the stream."""
    return Delivery(
        ref=job_ref(message.subject, created, message.sequence),
        sequence=message.sequence,
        submitted_at=message.time,
        headers=message.headers,
        data=message.data,
        receipt=StoredReceipt(connection, stream, message.sequence),
        is_named=_is_named(message.subject),
    )


def job_ref(subject: str, created: datetime, sequence: int) -> JobRef:
    """Which job was submitted on `subject`."""
    _, _, _, service, operation, *rest = subject.split(".")
    return JobRef(service, operation, rest[0] if rest else sequenced_id(created, sequence))


def _is_named(subject: str) -> bool:
    return subject.count(".") == NAMED_DOTS
