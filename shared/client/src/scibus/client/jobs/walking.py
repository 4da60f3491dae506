"""Walks through streams whose being out of reach is told as `NoAnswer`."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from nats.aio.client import Client

from scibus.bus import walking
from scibus.bus.raw_messages import RawMessage
from scibus.bus.stored import StoredMessage
from scibus.client.jobs.contact import reaching


async def walk(connection: Client, stream: str, subject: str, **options: Any) -> AsyncIterator[StoredMessage]:
    """As `scibus.bus.walking.walk`.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    with reaching(stream):
        async for message in walking.walk(connection, stream, subject, **options):
            yield message


async def walk_batches(
    connection: Client, stream: str, subject: str, **options: Any
) -> AsyncGenerator[list[RawMessage], None]:
    """As `scibus.bus.walking.walk_batches`.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    with reaching(stream):
        async with aclosing(walking.walk_batches(connection, stream, subject, **options)) as batches:
            async for batch in batches:
                yield batch
