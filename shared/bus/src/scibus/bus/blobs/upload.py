"""The chunks of an object on their way into the object store."""

import asyncio
import json
from collections import deque

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.bus.stored import ApiError, api, checked
from scibus.contracts.problems import BackendUnavailable

IN_FLIGHT = 8
"""Chunks under way at once, either way: the ceiling of what a transfer holds in memory."""
STEP_SECONDS = 10.0
FORGET_SECONDS = 2.0


class ObjectUpload:
    """One object on its way."""

    def __init__(self, connection: Client, bucket: str, nuid: str) -> None:
        self._connection = connection
        self._bucket = bucket
        self._subject = f"$O.{bucket}.C.{nuid}"
        self._pending: deque[asyncio.Task[None]] = deque()

    async def send(self, chunk: bytes) -> None:
        """Send `chunk`; waits while as many as may be are under way.

        Raises:
            BackendUnavailable: the object store did not take one of them (retryable).
        """
        if len(self._pending) >= IN_FLIGHT:
            await self._settle_oldest()
        self._pending.append(asyncio.create_task(self._store(chunk)))
        # Now, so that they leave in their order.
        await asyncio.sleep(0)
        stop_if_cancelled()

    async def arrived(self) -> None:
        """Wait until all are stored. Raises what `send` raises."""
        while self._pending:
            await self._settle_oldest()
        stop_if_cancelled()

    async def forget(self) -> None:
        """Give the room back; if that fails too, the chunks expire with the bucket's age limit."""
        # A purge would overtake chunks that are still on their way.
        if self._pending:
            await asyncio.wait(self._pending, timeout=FORGET_SECONDS)
        for unanswered in self._pending:
            unanswered.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)
        await purge(self._connection, f"OBJ_{self._bucket}", self._subject)

    async def _store(self, chunk: bytes) -> None:
        # Not by nats-py's own `publish_async`: what the server refuses with 503, as a full store, it never tells.
        # Without any header: a full chunk and one header pass max_payload, and the server cuts the connection.
        reply = await self._connection.request(self._subject, chunk, timeout=STEP_SECONDS)
        checked(json.loads(reply.data))

    async def _settle_oldest(self) -> None:
        try:
            await asyncio.wait([self._pending[0]])
            self._pending.popleft().result()
        except (ApiError, NatsError, TimeoutError, ValueError) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> BackendUnavailable:
        stop_if_cancelled()
        reason = str(error) or repr(error)
        return BackendUnavailable(f"the object store {self._bucket} did not take the content: {reason}")


async def purge(connection: Client, stream: str, subject: str) -> None:
    """Take what is on `subject` out of the stream, if the server does it soon."""
    try:
        await api(connection, f"STREAM.PURGE.{stream}", {"filter": subject}, timeout=FORGET_SECONDS)
    except (ApiError, BackendUnavailable, NatsError, TimeoutError):
        return


def stop_if_cancelled() -> None:
    """nats-py takes a cancellation for an error, or for nothing at all."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
