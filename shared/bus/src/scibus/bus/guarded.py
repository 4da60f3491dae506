"""Publishing that only succeeds for whoever has seen the last message on the subject."""

import asyncio
from collections.abc import Mapping

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from pydantic_core import from_json

from scibus.bus.stored import ApiError, StoredMessage, checked, last_message
from scibus.bus.sturdy import answer_to
from scibus.contracts.problems import BackendUnavailable, TooLarge

EXPECTED_STREAM = "Nats-Expected-Stream"
EXPECTED_LAST = "Nats-Expected-Last-Subject-Sequence"
WRONG_LAST_SEQUENCE = 10071
FULL_PER_SUBJECT = 10077
IN_FLIGHT_SEQUENCE = 10164
"""What a cluster answers while another publish on the subject is under way."""
WRITE_SECONDS = 5.0
TRIES = 4
PAUSE_SECONDS = 0.2


class Stale(Exception):
    """Somebody else published meanwhile."""

    def __init__(self, subject: str, found: StoredMessage | None) -> None:
        super().__init__(subject)
        self.found = found


class GuardedPublisher:
    """Publishes into one stream. Reads, where there are any, go to the stream's leader."""

    def __init__(self, connection: Client, stream: str) -> None:
        self._connection = connection
        self._stream = stream

    async def publish(self, subject: str, data: bytes, after: int, headers: Mapping[str, str]) -> int:
        """Publish if the last message on `subject` has the sequence `after` (0: there is none); the new sequence.

        Where the server's word on a message is lost, the stream itself tells what became of it.

        Raises:
            Stale: there is another one; `found` is the last message.
            TooLarge: the message is larger than the server takes.
            BackendUnavailable: the stream is out of reach or full; whether the message is stored is not known.
        """
        told = {**headers, EXPECTED_STREAM: self._stream, EXPECTED_LAST: str(after)}
        reason: Exception | None = None
        for trial in range(TRIES):
            if trial:
                await asyncio.sleep(PAUSE_SECONDS * trial)
            try:
                return await self._stored(subject, data, told)
            except ApiError as error:
                reason = error
                if error.code == WRONG_LAST_SEQUENCE or (error.code == FULL_PER_SUBJECT and not after):
                    return await self._settled(subject, data, after)
                if error.code != IN_FLIGHT_SEQUENCE:
                    break
            except MaxPayloadError as error:
                raise TooLarge(f"a message of {len(data)} bytes does not fit into {self._stream}") from error
            except (NatsError, TimeoutError) as error:
                reason = error
        raise BackendUnavailable(f"{self._stream} did not take a message: {reason!r}") from reason

    async def _stored(self, subject: str, data: bytes, headers: dict[str, str]) -> int:
        told = await answer_to(self._connection, subject, data, timeout=WRITE_SECONDS, headers=headers)
        return int(checked(from_json(told))["seq"])

    async def last(self, subject: str) -> StoredMessage | None:
        """The last message on `subject`.

        Raises:
            BackendUnavailable: the stream is out of reach.
        """
        try:
            return await last_message(self._connection, self._stream, subject)
        except (ApiError, NatsError, TimeoutError) as error:
            raise BackendUnavailable(f"{self._stream} does not answer: {error!r}") from error

    async def _settled(self, subject: str, data: bytes, after: int) -> int:
        """The sequence of our own earlier message, where that is what the server now refuses a second time."""
        found = await self.last(subject)
        if found is not None and found.sequence > after and found.data == data:
            return found.sequence
        raise Stale(subject, found)
