"""Publishing into a stream, with the server's own error codes."""

import json
from collections.abc import Mapping
from typing import Any

from nats.aio.client import Client

from scibus.bus.stored import ApiError


async def publish(
    connection: Client, subject: str, body: bytes, headers: Mapping[str, str], timeout: float
) -> dict[str, Any]:
    """The acknowledgement of the stream that takes `subject`.

    Raises:
        ApiError: the stream refused.
        NoRespondersError: there is no stream, or its server is away.
        TimeoutError, nats.errors.Error: nobody knows whether the message is stored.
    """
    reply = await connection.request(subject, body, timeout=timeout, headers=dict(headers))
    ack: dict[str, Any] = json.loads(reply.data)
    if refusal := ack.get("error"):
        raise ApiError(refusal.get("err_code", 0), refusal.get("description", "no reason given"))
    return ack
