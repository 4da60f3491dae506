"""Records: values of a key-value bucket that are only changed by whoever has seen the last change.

Reads go to the leader. Every write names the revision it follows (0: none), so of two writers one is refused.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from nats.aio.client import Client

from scibus.bus.guarded import GuardedPublisher, Stale
from scibus.bus.stored import StoredMessage

_OPERATION = "KV-Operation"
TTL = "Nats-TTL"
"""Header of a record that ends by itself, after so many seconds."""
MARKS = (_OPERATION, "Nats-Marker-Reason")


@dataclass(frozen=True)
class Record:
    """A value and the revision under which it was written."""

    revision: int
    time: datetime
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, message: StoredMessage) -> "Record":
        """The record that a message of the bucket's stream is."""
        return cls(message.sequence, message.time, message.data, message.headers)

    @property
    def exists(self) -> bool:
        """False for the mark that a deleted value leaves."""
        return not is_mark(self.headers)


def is_mark(headers: Mapping[str, str]) -> bool:
    """Whether a message with `headers` is the mark that a deleted value leaves."""
    return any(name in headers for name in MARKS)


class Records:
    """The records of one bucket."""

    def __init__(self, connection: Client, bucket: str) -> None:
        self.bucket = bucket
        self._publisher = GuardedPublisher(connection, f"KV_{bucket}")

    def subject(self, key: str) -> str:
        """Where writes of `key` are published."""
        return f"$KV.{self.bucket}.{key}"

    async def read(self, key: str) -> Record | None:
        """The record, also when it is the mark of a deletion; None when there is none.

        Raises:
            BackendUnavailable: the bucket is out of reach.
        """
        message = await self._publisher.last(self.subject(key))
        return None if message is None else Record.of(message)

    async def write(self, key: str, data: bytes, after: int, headers: Mapping[str, str] | None = None) -> int:
        """Write `data` if the last revision is still `after`; the new revision.

        Raises:
            Stale: it is not.
            BackendUnavailable: the bucket is out of reach; whether the write took place is not known.
        """
        return await self._publisher.publish(self.subject(key), data, after, headers or {})

    async def delete(self, key: str, after: int, headers: Mapping[str, str] | None = None) -> None:
        """Leave the mark of a deletion, unless somebody wrote since `after`.

        Raises:
            BackendUnavailable: the bucket is out of reach.
        """
        with suppress(Stale):
            await self._publisher.publish(self.subject(key), b"", after, {**(headers or {}), _OPERATION: "DEL"})
