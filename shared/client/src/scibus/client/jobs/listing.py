"""Which jobs there are."""

from collections import OrderedDict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from nats.aio.client import Client
from pydantic import ValidationError

from scibus.bus.records import is_mark
from scibus.bus.topology import JOBS_BUCKET, jobs_stream
from scibus.client.jobs.lookup import STATUSES
from scibus.client.jobs.queued import queued_jobs
from scibus.client.jobs.streams import services_with
from scibus.client.jobs.walking import walk
from scibus.contracts.jobs import JobRef, JobState, JobStatus

NEVER = datetime.min.replace(tzinfo=UTC)


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
    newest: OrderedDict[JobRef, JobStatus] = OrderedDict()
    known: set[JobRef] = set()
    oldest = datetime.now(UTC) - since if since is not None else None
    with_queued = not states or "queued" in states
    subject = f"$KV.{JOBS_BUCKET}.{service or '*'}.{operation or '*'}.*"
    async for message in walk(connection, STATUSES, subject, since=oldest):
        if is_mark(message.headers):
            continue
        ref = JobRef(*message.subject.split(".")[2:])
        if with_queued:
            known.add(ref)
        # A job with news during the walk comes again, and what it was before is no longer true.
        newest.pop(ref, None)
        status = _status(message.data)
        if status is not None and (not states or status.state in states):
            newest[ref] = status
        if len(newest) > limit:
            newest.popitem(last=False)
    found = list(newest.values())
    if with_queued:
        services = [service] if service else await services_with(connection, jobs_stream)
        for name in services:
            found += await queued_jobs(connection, name, operation, known=known, oldest=oldest, limit=limit)
    return sorted(found, key=_moment, reverse=True)[:limit]


def _status(data: bytes) -> JobStatus | None:
    """The status in a record; None where it is none."""
    try:
        return JobStatus.model_validate_json(data)
    except ValidationError:
        return None


def _moment(status: JobStatus) -> datetime:
    return status.updated_at or status.submitted_at or NEVER
