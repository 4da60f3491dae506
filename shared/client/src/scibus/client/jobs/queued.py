"""The newest jobs in a queue. A work queue takes no further reader: it is read by direct get, a span at a time."""

import json
from collections.abc import Collection
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from scibus.bus.job_ids import sequenced_id
from scibus.bus.stored import API, StoredMessage, parse_time
from scibus.bus.topology import jobs_stream
from scibus.client.jobs.contact import reaching
from scibus.client.jobs.feed import following
from scibus.client.jobs.lookup import queued_status
from scibus.client.jobs.streams import stream_info
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.subjects import PREFIX, job_subject

BATCH = 500
"""Messages read at once; fewer than a feed keeps."""
BATCH_BYTES = 8 * 1024 * 1024
SILENCE_SECONDS = 5.0


async def queued_jobs(
    connection: Client,
    service: str,
    operation: str | None,
    *,
    known: Collection[JobRef],
    oldest: datetime | None,
    limit: int,
) -> list[JobStatus]:
    """Jobs in the queue of `service` that nobody has begun with: of each subject the newest `limit`.

    Args:
        connection: to NATS.
        service: whose queue.
        operation: only its jobs.
        known: jobs that have a status.
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
        spans = [(state["first_seq"], state["last_seq"] + 1)] if state["messages"] else []
        while spans and len(of_subject) < limit:
            start, end = spans.pop()
            messages, is_whole = await _read(connection, stream, subject, start, end)
            if not is_whole:
                middle = (start + end) // 2
                spans += [(start, middle), (middle, end)]
                continue
            for message in reversed(messages):
                if oldest is not None and message.time < oldest:
                    spans.clear()
                    break
                ref = _ref(message, created)
                if ref not in known:
                    of_subject.append(queued_status(ref, message))
        found += of_subject[:limit]
    return found


def _subjects(service: str, operation: str | None) -> list[str]:
    """What covers the jobs of a service or of one operation, with an id and without."""
    if operation is None:
        return [f"{PREFIX}.job.{service}.>"]
    return [job_subject(service, operation), f"{job_subject(service, operation)}.*"]


def _ref(message: StoredMessage, created: datetime) -> JobRef:
    _, _, _, service, operation, *job_id = message.subject.split(".")
    return JobRef(service, operation, job_id[0] if job_id else sequenced_id(created, message.sequence))


async def _read(
    connection: Client, stream: str, subject: str, start: int, end: int
) -> tuple[list[StoredMessage], bool]:
    """Messages of the sequences from `start` to before `end`, and whether these are all."""
    ask = {"seq": start, "next_by_subj": subject, "batch": min(BATCH, end - start), "max_bytes": BATCH_BYTES}
    messages: list[StoredMessage] = []
    with reaching(stream):
        async with following(connection, inbox := connection.new_inbox()) as feed:
            await connection.publish(f"{API}.DIRECT.GET.{stream}", json.dumps(ask).encode(), reply=inbox)
            while (told := await feed.next(SILENCE_SECONDS)) is not None:
                headers = told.headers or {}
                if status := headers.get("Status"):
                    break
                messages.append(_stored(told))
            else:
                raise TimeoutError
    if status == "503":
        raise NatsError
    reached = messages[-1].sequence if messages else end
    is_whole = reached >= end - 1 or headers.get("Nats-Num-Pending", "0") == "0"
    return [message for message in messages if message.sequence < end], is_whole


def _stored(told: Msg) -> StoredMessage:
    headers = dict(told.headers or {})
    return StoredMessage(
        subject=headers["Nats-Subject"],
        sequence=int(headers["Nats-Sequence"]),
        time=parse_time(headers["Nats-Time-Stamp"]),
        headers=headers,
        data=told.data,
    )
