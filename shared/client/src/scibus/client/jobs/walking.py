"""Reading what a stream holds, from its beginning or from a time on, by a consumer that nobody else has."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from scibus.bus.stored import API, ApiError, StoredMessage, api, is_missing
from scibus.bus.topology import SECOND
from scibus.client.jobs.contact import reaching
from scibus.client.jobs.feed import Feed, following
from scibus.contracts.problems import BackendUnavailable

BATCH = 500
"""Messages asked for at once; fewer than a feed keeps."""
LONGEST = 2
"""So many times what the stream held at the beginning is read at most: a stream may grow as fast as it is read."""
SILENCE_SECONDS = 5.0
KEPT_SECONDS = 30


async def walk(
    connection: Client, stream: str, subject: str, *, since: datetime | None = None, headers_only: bool = False
) -> AsyncIterator[StoredMessage]:
    """What the stream holds on the subjects that `subject` covers, in the order in which it was stored.

    What is stored meanwhile comes too, so that a subject may come again, with what replaced its message.

    Args:
        connection: to NATS.
        stream: one that keeps one message per subject, and is no work queue, which takes no further reader.
            One that is not there holds nothing.
        subject: with wildcards.
        since: only what was stored from then on.
        headers_only: leave the bodies out.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    name = f"walk-{secrets.token_hex(8)}"
    body = {"stream_name": stream, "config": _config(name, subject, since, headers_only)}
    with reaching(stream):
        try:
            told = await api(connection, f"CONSUMER.CREATE.{stream}.{name}", body)
        except ApiError as error:
            if is_missing(error):
                return
            raise
        try:
            left, inbox = told["num_pending"], connection.new_inbox()
            most = left * LONGEST
            async with following(connection, inbox) as feed:
                while left:
                    ask = {"batch": min(BATCH, left), "no_wait": True}
                    await connection.publish(f"{API}.CONSUMER.MSG.NEXT.{stream}.{name}", _json(ask), reply=inbox)
                    batch = await _batch(feed, ask["batch"])
                    for message in batch:
                        yield _stored(message)
                    most -= len(batch)
                    left = min(batch[-1].metadata.num_pending, most) if batch else 0
        finally:
            # Where this fails, the server forgets the consumer by itself.
            with suppress(ApiError, BackendUnavailable, NatsError, TimeoutError):
                await api(connection, f"CONSUMER.DELETE.{stream}.{name}")


def _config(name: str, subject: str, since: datetime | None, headers_only: bool) -> dict[str, Any]:
    start: dict[str, Any] = {"deliver_policy": "last_per_subject"}
    if since is not None:
        moment = since.astimezone(UTC).isoformat().replace("+00:00", "Z")
        start = {"deliver_policy": "by_start_time", "opt_start_time": moment}
    return {
        "name": name,
        "filter_subject": subject,
        "ack_policy": "none",
        "mem_storage": True,
        "num_replicas": 1,
        "inactive_threshold": KEPT_SECONDS * SECOND,
        "headers_only": headers_only,
        **start,
    }


async def _batch(feed: Feed, count: int) -> list[Msg]:
    """Up to `count` messages; fewer where the server has no more.

    Raises:
        TimeoutError: the server fell silent.
    """
    batch: list[Msg] = []
    while len(batch) < count:
        message = await feed.next(SILENCE_SECONDS)
        if message is None:
            raise TimeoutError
        if "Status" in (message.headers or {}):
            break
        batch.append(message)
    return batch


def _stored(message: Msg) -> StoredMessage:
    metadata = message.metadata
    return StoredMessage(
        subject=message.subject,
        sequence=metadata.sequence.stream,
        time=metadata.timestamp.astimezone(UTC),
        headers=message.headers or {},
        data=message.data,
    )


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
