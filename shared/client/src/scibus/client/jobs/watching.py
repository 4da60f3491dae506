"""Following a job: each status as it happens, none missed for good."""

import asyncio
from collections.abc import AsyncIterator

from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from scibus.client.jobs.feed import following
from scibus.client.jobs.lookup import JobLookup, Seen
from scibus.client.jobs.patience import Patience
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.subjects import event_subject

SILENCE_SECONDS = 5.0
"""After so long without an event the record itself is looked at: events may be lost, records are not."""
RETRY_SECONDS = 1.0
REVISION = "Nats-Sequence"
"""Header of a republished message: its sequence in the bucket."""


async def watch(connection: Client, ref: JobRef) -> AsyncIterator[JobStatus]:
    """The job's status now, and each new one until it is final.

    Raises:
        NotFound: there is no such job, or it is forgotten.
        NoAnswer: JetStream is out of reach from the beginning, or the connection was closed.
    """
    lookup, patience = JobLookup(connection, ref), Patience(connection)
    # Listening before the first look: what happens in between is not missed.
    async with following(connection, event_subject(*ref)) as feed:
        while (last := await patience.look(lookup.seen())) is None:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(RETRY_SECONDS)
        yield last.status
        while not last.status.is_final:
            message = await feed.next(SILENCE_SECONDS)
            if message is None:
                found = await patience.look(lookup.seen())
                # What the record says holds, also where the bucket was made anew and counts from one. A job that ended
                # without its worker recording it has news too, and no new revision.
                is_news = found is not None and (found.revision != last.revision or found.status.is_final)
            else:
                found = _told(message)
                is_news = found is not None and found.revision > last.revision
            if found is not None and is_news:
                last = found
                yield last.status


def _told(message: Msg) -> Seen | None:
    """The status in an event; None where it is none: anybody may publish."""
    try:
        return Seen(JobStatus.model_validate_json(message.data), int((message.headers or {})[REVISION]))
    except (ValidationError, ValueError, KeyError):
        return None
