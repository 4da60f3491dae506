"""Dead letters: jobs that could not be done, as they were submitted; they can be submitted again."""

import secrets
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nats.aio.client import Client

from scibus.bus import headers as h
from scibus.bus.stored import ApiError, StoredMessage, is_missing, last_message
from scibus.bus.topology import DAY, DEAD, DEAD_KEPT
from scibus.client.jobs.contact import reaching
from scibus.client.jobs.submitting import submit_named
from scibus.client.jobs.walking import walk
from scibus.client.outgoing import caller_headers
from scibus.contracts.calls import CallOptions
from scibus.contracts.jobs import JobRef
from scibus.contracts.problems import Conflict, NotFound
from scibus.contracts.subjects import PREFIX, SEQUENCED, check_own_id, dead_subject

SPARE = 1024
"""Bytes of a message that are left: what a first submission leaves holds what the letter adds to it."""
KEPT_OF_ID = 40
"""Characters of the old id that are seen in the new one."""


@dataclass(frozen=True)
class DeadLetter:
    """A job that could not be done."""

    ref: JobRef
    problem: str
    """Slug of what it ended with."""
    attempt: int
    """Number of the last attempt."""
    died_at: datetime
    sequence: int
    """In the stream of dead letters."""
    headers: dict[str, str]
    """As they are kept: those of the submission but for its authorization, which begin with `Scibus-Source-` where
    they would steer the bus, and what its worker told of the end."""
    body: bytes = b""
    """Of the submission; left out of listings."""


async def list_dead(
    connection: Client,
    *,
    service: str | None = None,
    operation: str | None = None,
    since: timedelta | None = None,
    limit: int = 1000,
) -> list[DeadLetter]:
    """The newest `limit` dead letters, newest first, without their bodies.

    Args:
        connection: to NATS.
        service: only of its jobs.
        operation: only of jobs of operations of this name.
        since: only of jobs that died within this span.
        limit: of the answer.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    subject = f"{PREFIX}.dead.{service or '*'}.{operation or '*'}.*"
    oldest = datetime.now(UTC) - since if since is not None else None
    newest: deque[DeadLetter] = deque(maxlen=limit)
    async for message in walk(connection, DEAD, subject, since=oldest, headers_only=True):
        newest.append(_letter(message))
    return list(reversed(newest))


async def read_dead(connection: Client, ref: JobRef) -> DeadLetter:
    """The dead letter of a job, with its body.

    Raises:
        NotFound: there is none.
        NoAnswer: JetStream is out of reach.
    """
    with reaching(DEAD):
        try:
            message = await last_message(connection, DEAD, dead_subject(*ref))
        except ApiError as error:
            if not is_missing(error):
                raise
            message = None
    if message is None:
        raise NotFound(f"there is no dead letter of {ref}: they are kept {DEAD_KEPT // DAY} days")
    return _letter(message)


async def replay(
    connection: Client, ref: JobRef, job_id: str | None = None, options: CallOptions | None = None
) -> JobRef:
    """Submit a dead job again under a new id, on behalf of whoever replays it; the job that it is now.

    A time after which the job should not start is left behind: it has passed.

    Raises:
        ValueError: `job_id` may not be chosen.
        NotFound: there is no dead letter of `ref`.
        Conflict: `job_id` was used before for another request, or is the old one.
        Overloaded: the queue is full (retryable).
        NoAnswer: nobody takes such jobs any more, or JetStream is out of reach.
    """
    options = options or CallOptions()
    new = ref._replace(job_id=_new_id(ref) if job_id is None else check_own_id(job_id))
    if new == ref:
        raise Conflict(f"{ref} has ended: replay it under another id")
    letter = await read_dead(connection, ref)
    headers = {**h.restored_headers(letter.headers), **caller_headers(options), h.REPLAY_OF: ref.job_id}
    await submit_named(connection, new, letter.body, headers, options, spare=SPARE)
    return new


def _new_id(ref: JobRef) -> str:
    # Ids of the bus's own cannot be chosen, and neither can what looks like one.
    prefix = "replay-" if ref.job_id.startswith(SEQUENCED) else ""
    return f"{prefix}{ref.job_id[:KEPT_OF_ID]}-{secrets.token_hex(4)}"


def _letter(message: StoredMessage) -> DeadLetter:
    attempt = message.headers.get(h.ATTEMPT, "")
    return DeadLetter(
        ref=JobRef(*message.subject.split(".")[-3:]),
        problem=message.headers.get(h.PROBLEM, ""),
        attempt=int(attempt) if attempt.isdecimal() else 0,
        died_at=message.time,
        sequence=message.sequence,
        headers=message.headers,
        body=message.data,
    )
