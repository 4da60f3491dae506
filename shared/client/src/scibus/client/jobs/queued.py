"""The newest jobs in a queue. A work queue takes no further reader: it is read by direct get, a span at a time."""

import json
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.bus.bulk import gathering
from scibus.bus.job_ids import sequenced_id
from scibus.bus.raw_messages import RawMessage
from scibus.bus.stored import API, StoredMessage, parse_time
from scibus.bus.topology import jobs_stream
from scibus.client.jobs.contact import reaching
from scibus.client.jobs.lookup import queued_status
from scibus.client.jobs.streams import stream_info
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.subjects import PREFIX, job_subject

BATCH = 500
"""Messages read at once in the beginning; more when that does not reach far."""
MOST = 16 * BATCH
BATCH_BYTES = 8 * 1024 * 1024
SILENCE_SECONDS = 5.0


async def queued_jobs(
    connection: Client,
    service: str,
    operation: str | None,
    *,
    known: Collection[str],
    oldest: datetime | None,
    limit: int,
) -> list[JobStatus]:
    """Jobs in the queue of `service` that nobody has begun with: of each subject the newest `limit`.

    Args:
        connection: to NATS.
        service: whose queue.
        operation: only its jobs.
        known: keys of the jobs that have a status.
        oldest: only jobs submitted since.
        limit: of the answer.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    stream = jobs_stream(service)
    info = await stream_info(connection, stream)
    if info is None:
        return []
    created, state = parse_time(info["created"]), info["state"]
    found: list[JobStatus] = []
    for subject in _subjects(service, operation):
        of_subject: list[JobStatus] = []
        async with aclosing(_newest_first(connection, stream, subject, state)) as messages:
            async for message in messages:
                if len(of_subject) == limit or (oldest is not None and _time(message) < oldest):
                    break
                if (key := _key(message, created)) not in known:
                    of_subject.append(queued_status(JobRef(*key.split(".")), _stored(message)))
        found += of_subject
    return found


async def _newest_first(
    connection: Client, stream: str, subject: str, state: Mapping[str, Any]
) -> AsyncGenerator[RawMessage, None]:
    """The messages of a stream on `subject`, from the newest back."""
    end, first, width, most = state["last_seq"] + 1, state["first_seq"], BATCH, MOST
    while state["messages"] and first < end:
        start = max(end - width, first)
        messages, is_whole = await _read(connection, stream, subject, start, end)
        if not is_whole:
            most = width = max((end - start) // 2, 1)
            continue
        for message in reversed(messages):
            yield message
        if width < most or len(messages) < BATCH // 2:
            width *= 2
        end = start


def _subjects(service: str, operation: str | None) -> list[str]:
    """What covers the jobs of a service or of one operation, with an id and without."""
    if operation is None:
        return [f"{PREFIX}.job.{service}.>"]
    return [job_subject(service, operation), f"{job_subject(service, operation)}.*"]


def _key(message: RawMessage, created: datetime) -> str:
    """The key of the job's record."""
    key = message.last(b"Nats-Subject").decode().removeprefix(f"{PREFIX}.job.")
    return key if key.count(".") > 1 else f"{key}.{sequenced_id(created, _sequence(message))}"


def _sequence(message: RawMessage) -> int:
    return int(message.last(b"Nats-Sequence"))


def _time(message: RawMessage) -> datetime:
    return parse_time(message.last(b"Nats-Time-Stamp").decode())


async def _read(connection: Client, stream: str, subject: str, start: int, end: int) -> tuple[list[RawMessage], bool]:
    """Messages of the sequences from `start` to before `end`, and whether these are all."""
    count = min(MOST, end - start)
    ask = {"seq": start, "next_by_subj": subject, "batch": count, "max_bytes": BATCH_BYTES}
    with reaching(stream):
        async with gathering(connection, inbox := connection.new_inbox()) as gathered:
            await connection.publish(f"{API}.DIRECT.GET.{stream}", json.dumps(ask).encode(), reply=inbox)
            # One more than can come: what the server says last is waited for.
            messages, told = await gathered.batch(count + 1, SILENCE_SECONDS)
    if told is None or told["Status"] not in ("204", "404"):
        raise NatsError((told or {}).get("Description", "no answer"))
    reached = _sequence(messages[-1]) if messages else end
    is_whole = reached >= end - 1 or told.get("Nats-Num-Pending", "0") == "0"
    return [message for message in messages if _sequence(message) < end], is_whole


def _stored(message: RawMessage) -> StoredMessage:
    return StoredMessage(
        subject=message.last(b"Nats-Subject").decode(),
        sequence=_sequence(message),
        time=_time(message),
        headers=message.headers,
        data=message.data,
    )
