"""Several messages published at once: a stream takes all of them or none (atomic batches, ADR-50)."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from pydantic_core import from_json

from scibus.bus.guarded import EXPECTED_LAST, EXPECTED_STREAM, WRITE_SECONDS, WRONG_LAST_SEQUENCE, Stale
from scibus.bus.raw_messages import FIRST_LINE, RawMessage
from scibus.bus.stored import ApiError, checked
from scibus.bus.sturdy import SturdyClient
from scibus.contracts.problems import BackendUnavailable, TooLarge

LARGEST_BATCH = 1000
"""Messages in one batch, as the server limits them."""
AT_ONCE = 16
"""Batches that one publisher has open; the server lets a stream have 50."""


class Outgoing(NamedTuple):
    """A message to be published."""

    lines: bytes
    """Its headers, each line with its end."""
    data: bytes


class BatchPublisher:
    """Publishes into one stream, which must allow atomic publishing."""

    def __init__(self, connection: SturdyClient, stream: str) -> None:
        self._connection = connection
        self._expected = f"{EXPECTED_STREAM}: {stream}\r\n".encode()
        self._stream = stream
        self._room = asyncio.Semaphore(AT_ONCE)
        self._name = secrets.token_hex(8)
        self._count = 0

    async def publish(self, subject: str, messages: Sequence[Outgoing], after: int) -> int:
        """Publish all of `messages`, if the last message on `subject` has the sequence `after`; the new last one.

        Raises:
            Stale: it has another one; nothing was published.
            TooLarge: one of them is larger than the server takes; nothing was published.
            BackendUnavailable: whether they were published is not known, or the stream is out of reach or full.
        """
        async with self._room:
            if not self._connection.is_connected:
                raise BackendUnavailable(f"{self._stream} is out of reach: the connection is lost")
            try:
                answer = await self._connection.ask_all(self._built(subject, messages, after), WRITE_SECONDS)
                return int(checked(from_json(answer.data))["seq"])
            except ApiError as error:
                if error.code == WRONG_LAST_SEQUENCE:
                    raise Stale(subject, None) from error
                raise BackendUnavailable(f"{self._stream} did not take messages: {error}") from error
            except MaxPayloadError as error:
                raise TooLarge(f"a message does not fit into {self._stream}") from error
            except (NatsError, TimeoutError, ValueError, KeyError) as error:
                raise BackendUnavailable(f"{self._stream} did not take messages: {error!r}") from error

    def _built(self, subject: str, messages: Sequence[Outgoing], after: int) -> list[RawMessage]:
        name = subject.encode()
        guard = b"%b%b: %d\r\n" % (self._expected, EXPECTED_LAST.encode(), after)
        if len(messages) == 1:
            one = messages[0]
            return [RawMessage(name, b"", one.data, b"%b%b%b\r\n" % (FIRST_LINE, one.lines, guard))]
        self._count += 1
        batch = f"Nats-Batch-Id: {self._name}-{self._count}\r\nNats-Batch-Sequence: ".encode()
        built = [
            RawMessage(name, b"", one.data, b"%b%b%b%d\r\n\r\n" % (FIRST_LINE, one.lines, batch, number))
            for number, one in enumerate(messages, 1)
        ]
        built[0] = built[0]._replace(head=b"%b%b\r\n" % (built[0].head[:-2], guard))
        built[-1] = built[-1]._replace(head=b"%bNats-Batch-Commit: 1\r\n\r\n" % built[-1].head[:-2])
        return built
