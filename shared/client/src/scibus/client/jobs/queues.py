"""How much is waiting in the queues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nats.aio.client import Client

from scibus.bus.stored import ApiError, first_message, is_missing
from scibus.bus.topology import jobs_stream
from scibus.client.jobs.contact import reaching
from scibus.client.jobs.streams import pages, services_with, stream_info


@dataclass(frozen=True)
class QueueInfo:
    """The jobs of one operation that are not done."""

    service: str
    operation: str
    waiting: int
    """Jobs that no worker was given yet."""
    held: int
    """Jobs that workers have, or that wait for their next attempt."""
    oldest: datetime | None
    """When the first of them was submitted."""
    bytes: int
    """Size of the service's queue, which its operations share."""
    limit_bytes: int
    """What it may grow to; -1: as far as the server has room."""


async def queues(connection: Client, services: Sequence[str] | None = None) -> list[QueueInfo]:
    """The queues of `services`, by default of all, sorted by service and operation.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    names = await services_with(connection, jobs_stream) if services is None else sorted(services)
    return [queue for service in names for queue in await _queues_of(connection, service)]


async def _queues_of(connection: Client, service: str) -> list[QueueInfo]:
    stream = jobs_stream(service)
    info = await stream_info(connection, stream)
    if info is None:
        return []
    found: list[QueueInfo] = []
    with reaching(stream):
        try:
            consumers = await pages(connection, f"CONSUMER.LIST.{stream}", "consumers")
            for consumer in consumers:
                waiting, held = consumer["num_pending"], consumer["num_ack_pending"]
                subjects = consumer["config"].get("filter_subjects") or []
                oldest = await _oldest(connection, stream, subjects) if waiting or held else None
                size, limit = info["state"]["bytes"], info["config"].get("max_bytes", -1)
                found.append(QueueInfo(service, consumer["name"], waiting, held, oldest, size, limit))
        except ApiError as error:
            if not is_missing(error):
                raise
    return sorted(found, key=lambda queue: queue.operation)


async def _oldest(connection: Client, stream: str, subjects: Sequence[str]) -> datetime | None:
    messages = [await first_message(connection, stream, subject) for subject in subjects]
    return min((message.time for message in messages if message is not None), default=None)
