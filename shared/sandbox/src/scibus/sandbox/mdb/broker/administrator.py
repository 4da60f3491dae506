"""One who may do everything in one account of the broker."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.sandbox.mdb.identities.trust import Login

NAME = "MDB stand-in"
ANSWER_SECONDS = 5.0
AT_ONCE = 1000


class BrokerError(Exception):
    """The broker is away, or does not do what it is told."""


class Administrator:
    """Asks and publishes over an open connection."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection

    async def ask(self, subject: str, question: bytes | Mapping[str, Any] = b"") -> dict[str, Any]:
        """What the server answers.

        Raises:
            BrokerError: with an error.
        """
        body = question if isinstance(question, bytes) else json.dumps(question).encode()
        answer: dict[str, Any] = json.loads((await self._connection.request(subject, body, ANSWER_SECONDS)).data)
        if error := answer.get("error"):
            raise BrokerError(error["description"])
        return answer

    async def publish(self, subject: str, payloads: Sequence[bytes], headers: Mapping[str, str] | None) -> int:
        """Publish, many on their way at once, and wait until the stream has each; the sequence of the last."""
        jetstream, last = self._connection.jetstream(), 0
        for start in range(0, len(payloads), AT_ONCE):
            async with asyncio.timeout(ANSWER_SECONDS):
                stored = [
                    await jetstream.publish_async(subject, payload, headers=None if headers is None else dict(headers))
                    for payload in payloads[start : start + AT_ONCE]
                ]
                last = max(receipt.seq for receipt in await asyncio.gather(*stored))
        return last


@asynccontextmanager
async def administering(
    url: str, login: Login, trusted: ssl.SSLContext, host_name: str
) -> AsyncIterator[Administrator]:
    """An administrator logged in with `login`.

    Raises:
        BrokerError: the broker is away, or goes away.
    """

    def signature(nonce: str) -> bytes:
        return base64.b64encode(login.user.sign(nonce.encode()))

    async def known(_: Exception) -> None:
        """Whoever asks is told by an exception."""

    try:
        connection = await nats.connect(
            url,
            name=NAME,
            tls=trusted,
            tls_hostname=host_name,
            user_jwt_cb=lambda: login.token.encode(),
            signature_cb=signature,
            error_cb=known,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0.05,
            connect_timeout=10,
        )
        try:
            yield Administrator(connection)
        finally:
            await connection.close()
    except (NatsError, OSError) as error:
        raise BrokerError(f"{type(error).__name__}: {error}") from error
