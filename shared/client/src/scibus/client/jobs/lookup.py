"""What the streams hold of one job, read from their leaders."""

from dataclasses import dataclass

from nats.aio.client import Client
from pydantic import ValidationError

from scibus.bus import headers as h
from scibus.bus.digests import request_digest
from scibus.bus.job_ids import sequence_of
from scibus.bus.records import is_mark
from scibus.bus.stored import (
    ApiError,
    StoredMessage,
    api,
    first_message,
    is_missing,
    last_message,
    message_at,
    parse_time,
)
from scibus.bus.topology import JOBS_BUCKET, RESULTS, jobs_stream
from scibus.client.jobs.contact import reaching
from scibus.contracts.jobs import TERMINAL, JobRef, JobStatus
from scibus.contracts.problems import NotFound, ProblemDetails
from scibus.contracts.subjects import SEQUENCED, job_subject, record_key, result_subject

STATUSES = f"KV_{JOBS_BUCKET}"


@dataclass(frozen=True)
class Seen:
    """A status, and the revision of its record; 0 where there is no record."""

    status: JobStatus
    revision: int


class JobLookup:
    """Finds what is known of one job."""

    def __init__(self, connection: Client, ref: JobRef) -> None:
        self._connection = connection
        self._ref = ref

    async def seen(self) -> Seen:
        """What is known of the job now. Where there is a result the job has ended, whatever its record says still.

        Raises:
            NotFound: there is no such job, or it is forgotten.
            NoAnswer: JetStream is out of reach.
        """
        known = await self.known()
        if known is not None and known.status.is_final:
            return known
        if message := await self.result():
            last, revision = (known.status, known.revision) if known else (None, 0)
            return Seen(_ended_status(self._ref, message, last), revision)
        if known is None:
            raise NotFound(f"there is no job {self._ref}, or it is forgotten")
        return known

    async def known(self) -> Seen | None:
        """What the record says, or else that the job is queued; None where there is no trace of it but a result.

        Raises:
            NoAnswer: JetStream is out of reach.
        """
        if found := await self.recorded():
            return found
        if message := await self.submission():
            return Seen(queued_status(self._ref, message), 0)
        # Between the two a worker may have begun, and ended.
        return await self.recorded()

    async def recorded(self) -> Seen | None:
        """The status that a worker recorded."""
        message = await self._last(STATUSES, f"$KV.{JOBS_BUCKET}.{record_key(*self._ref)}")
        if message is None or is_mark(message.headers):
            return None
        try:
            return Seen(JobStatus.model_validate_json(message.data), message.sequence)
        except ValidationError:
            return None

    async def submission(self) -> StoredMessage | None:
        """The job as it was submitted, while it is in its stream."""
        stream = jobs_stream(self._ref.service)
        with reaching(stream):
            try:
                if not self._ref.job_id.startswith(SEQUENCED):
                    return await first_message(self._connection, stream, job_subject(*self._ref))
                created = parse_time((await api(self._connection, f"STREAM.INFO.{stream}"))["created"])
                sequence = sequence_of(self._ref.job_id, created)
                message = await message_at(self._connection, stream, sequence) if sequence else None
            except ApiError as error:
                if is_missing(error):
                    return None
                raise
        # Anybody can write a number into an id.
        own_subject = job_subject(self._ref.service, self._ref.operation)
        return message if message is not None and message.subject == own_subject else None

    async def result(self) -> StoredMessage | None:
        """The one terminal message."""
        return await self._last(RESULTS, result_subject(*self._ref))

    async def _last(self, stream: str, subject: str) -> StoredMessage | None:
        with reaching(stream):
            try:
                return await last_message(self._connection, stream, subject)
            except ApiError as error:
                if is_missing(error):
                    return None
                raise


def queued_status(ref: JobRef, message: StoredMessage) -> JobStatus:
    """Of a job that nobody has begun with."""
    return JobStatus(
        service=ref.service,
        operation=ref.operation,
        job_id=ref.job_id,
        state="queued",
        submitted_at=message.time,
        updated_at=message.time,
        replay_of=message.headers.get(h.REPLAY_OF),
        sequence=message.sequence,
        digest=request_digest(message.data),
    )


def _ended_status(ref: JobRef, message: StoredMessage, last: JobStatus | None) -> JobStatus:
    """Of a job that has the result `message`; `last` is what was recorded before."""
    state, attempt = message.headers.get(h.STATE, ""), message.headers.get(h.ATTEMPT, "")
    last = last or JobStatus(service=ref.service, operation=ref.operation, job_id=ref.job_id, state="failed")
    changes = {
        "state": state if state in TERMINAL else "failed",
        "attempt": int(attempt) if attempt.isdecimal() else last.attempt,
        "updated_at": message.time,
        "problem": None if state == "succeeded" else _problem(message.data),
        "next_attempt_at": None,
    }
    return last.model_copy(update=changes)


def _problem(body: bytes) -> ProblemDetails | None:
    try:
        return ProblemDetails.model_validate_json(body)
    except ValidationError:
        return None
