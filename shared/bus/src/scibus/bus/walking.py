"""Reading what a stream holds, from its beginning or from a time on, by a consumer that nobody else has."""

import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.bus.bulk import gathering
from scibus.bus.pulling import pulled
from scibus.bus.raw_messages import RawMessage
from scibus.bus.stored import API, ApiError, StoredMessage, api, is_missing, moment_of
from scibus.bus.topology import SECOND
from scibus.contracts.problems import BackendUnavailable

BATCH = 500
"""Messages asked for at once: what a walk holds in memory."""
LONGEST = 2
"""So many times what the stream held at the beginning is read at most: a stream may grow as fast as it is read."""
SILENCE_SECONDS = 5.0
NO_MORE = ("404", "408")
KEPT_SECONDS = 30


async def walk(
    connection: Client, stream: str, subject: str, *, since: datetime | None = None, headers_only: bool = False
) -> AsyncIterator[StoredMessage]:
    """What `walk_batches` reads, message by message. Takes and raises what that takes and raises."""
    async with aclosing(walk_batches(connection, stream, subject, since=since, headers_only=headers_only)) as batches:
        async for batch in batches:
            for message in batch:
                yield _stored(message)


async def walk_batches(
    connection: Client, stream: str, subject: str, *, since: datetime | None = None, headers_only: bool = False
) -> AsyncGenerator[list[RawMessage], None]:
    """What the stream holds on the subjects that `subject` covers, in the order in which it was stored.

    What is stored meanwhile comes too, so that a subject may come again, with what replaced its message.

    Args:
        connection: to NATS.
        stream: one that keeps one message per subject, and is no work queue, which takes no further reader.
            One that is not there holds nothing.
        subject: with wildcards.
        since: only what was stored from then on.
        headers_only: leave the bodies out.

    Raises what `api` raises, where JetStream is out of reach or refuses.
    """
    name = f"walk-{secrets.token_hex(8)}"
    body = {"stream_name": stream, "config": _config(name, subject, since, headers_only)}
    try:
        told = await api(connection, f"CONSUMER.CREATE.{stream}.{name}", body)
    except ApiError as error:
        if is_missing(error):
            return
        raise
    try:
        left, inbox = told["num_pending"], connection.new_inbox()
        most = left * LONGEST
        async with gathering(connection, inbox) as gathered:
            while left:
                ask = {"batch": min(BATCH, left), "no_wait": True}
                await connection.publish(f"{API}.CONSUMER.MSG.NEXT.{stream}.{name}", _json(ask), reply=inbox)
                batch, said = await gathered.batch(ask["batch"], SILENCE_SECONDS)
                if said is not None and said.get("Status") not in NO_MORE:
                    raise NatsError(said.get("Description", "the walk was broken off"))
                most -= len(batch)
                left = min(pulled(batch[-1]).pending, most) if batch else 0
                yield batch
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


def _stored(message: RawMessage) -> StoredMessage:
    place = pulled(message)
    return StoredMessage(
        subject=message.subject.decode(errors="replace"),
        sequence=place.sequence,
        time=moment_of(place.time),
        headers=message.headers,
        data=message.data,
    )


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
