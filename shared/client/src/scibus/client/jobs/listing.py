"""Which jobs there are."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from nats.aio.client import Client
from pydantic import ValidationError

from scibus.bus.records import MARKS, is_mark
from scibus.bus.topology import JOBS_BUCKET, jobs_stream
from scibus.client.jobs.lookup import STATUSES
from scibus.client.jobs.queued import queued_jobs
from scibus.client.jobs.streams import services_with
from scibus.client.jobs.walking import walk_batches
from scibus.contracts.jobs import JobState, JobStatus

NEVER = datetime.min.replace(tzinfo=UTC)
MARKED = [name.encode() for name in MARKS]
KEYS = f"$KV.{JOBS_BUCKET}."
UNREAD = 8
"""So many times the records that are asked for are kept as they came before the older ones are dropped."""


async def list_jobs(
    connection: Client,
    *,
    service: str | None = None,
    operation: str | None = None,
    states: Collection[JobState] = (),
    since: timedelta | None = None,
    limit: int = 1000,
) -> list[JobStatus]:
    """The newest `limit` jobs, by their last status, newest first.

    Args:
        connection: to NATS.
        service: only its jobs.
        operation: only jobs of operations of this name.
        states: only jobs in one of these; empty: in any.
        since: only jobs with news within this span.
        limit: of the answer.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    newest = _Newest(states, limit)
    known: set[str] = set()
    oldest = datetime.now(UTC) - since if since is not None else None
    with_queued = not states or "queued" in states
    subject = f"$KV.{JOBS_BUCKET}.{service or '*'}.{operation or '*'}.*"
    async for batch in walk_batches(connection, STATUSES, subject, since=oldest):
        for message in batch:
            # Most have no mark, and need no look at each header.
            if any(mark in message.head for mark in MARKED) and is_mark(message.headers):
                continue
            key = message.subject.decode().removeprefix(KEYS)
            newest.put(key, message.data)
            if with_queued:
                known.add(key)
    found = newest.statuses()
    if with_queued:
        services = [service] if service else await services_with(connection, jobs_stream)
        for name in services:
            found += await queued_jobs(connection, name, operation, known=known, oldest=oldest, limit=limit)
    return sorted(found, key=_moment, reverse=True)[:limit]


class _Newest:
    """The newest statuses of those that were put in, each made of its record only when it may be among them.

    Args:
        states: only of jobs in one of these; empty: in any.
        limit: how many.
    """

    def __init__(self, states: Collection[JobState], limit: int) -> None:
        self._states = states
        self._limit = limit
        self._quoted = [f'"{state}"'.encode() for state in states]
        # Later ones are newer.
        self._records: dict[str, bytes | JobStatus] = {}

    def put(self, key: str, record: bytes) -> None:
        """Add the record of a job, in place of an earlier one: what the job was before is no longer true."""
        self._records.pop(key, None)
        # No more than a hint: the text may stand elsewhere in it.
        if not self._quoted or any(state in record for state in self._quoted):
            self._records[key] = record
            if len(self._records) > self._limit * UNREAD:
                self._drop()

    def statuses(self) -> list[JobStatus]:
        """The newest, oldest first."""
        self._drop()
        return [status for status in self._records.values() if isinstance(status, JobStatus)]

    def _drop(self) -> None:
        """Keep the newest that are statuses."""
        kept: list[tuple[str, JobStatus]] = []
        for key, record in reversed(self._records.items()):
            if len(kept) == self._limit:
                break
            status = record if isinstance(record, JobStatus) else _status(record)
            if status is not None and (not self._states or status.state in self._states):
                kept.append((key, status))
        self._records = dict(reversed(kept))


def _status(data: bytes) -> JobStatus | None:
    """The status in a record; None where it is none."""
    try:
        return JobStatus.model_validate_json(data)
    except ValidationError:
        return None


def _moment(status: JobStatus) -> datetime:
    return status.updated_at or status.submitted_at or NEVER
