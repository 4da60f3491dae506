"""Jobs: work that is submitted once, done once, and can be followed from anywhere by its id."""

from datetime import datetime
from typing import Literal, NamedTuple, Self

from pydantic import Field

from scibus.contracts.model import Contract
from scibus.contracts.problems import ProblemDetails
from scibus.contracts.subjects import check_job_id, check_name

JobState = Literal["queued", "running", "waiting", "retrying", "succeeded", "failed", "cancelled"]
TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})


class JobRef(NamedTuple):
    """Which job: written `drms.export.7c1f`."""

    service: str
    operation: str
    job_id: str

    def __str__(self) -> str:
        return ".".join(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The job that `text` names.

        Raises:
            ValueError: it is not of the form `<service>.<operation>.<job id>`.
        """
        parts = text.strip().split(".")
        if len(parts) != 3:
            raise ValueError(f"{text[:200]!r} names no job: write <service>.<operation>.<job id>")
        service, operation, job_id = parts
        return cls(check_name(service), check_name(operation), check_job_id(job_id))


class JobProgress(Contract):
    """How far a job is, in units of its own."""

    done: float = 0
    total: float | None = Field(default=None, description="Absent while nobody knows.")
    unit: str | None = Field(default=None, examples=["files"])
    message: str | None = Field(default=None, examples=["fetching"])


class JobStatus(Contract):
    """What is known of a job.

    `queued`: in the stream, nobody has begun. `running`: a handler is at work. `waiting`: for its turn at the backend,
    holding no slot. `retrying`: an attempt failed, the next one comes at `next_attempt_at`. `succeeded`, `failed` and
    `cancelled` are final.
    """

    service: str
    operation: str
    job_id: str
    state: JobState
    attempt: int = Field(default=0, description="Number of handler starts that count.")
    max_attempts: int = 0
    worker: str | None = Field(default=None, description="Instance that holds the job.")
    submitted_at: datetime | None = Field(default=None, description="When the stream accepted the job.")
    updated_at: datetime | None = None
    progress: JobProgress | None = None
    problem: ProblemDetails | None = Field(default=None, description="Of the last attempt.")
    next_attempt_at: datetime | None = None
    cancel_requested: bool = False
    replay_of: str | None = Field(default=None, description="Id of the job that this one repeats.")
    sequence: int | None = Field(default=None, description="Of the submission in the job stream.")
    digest: str | None = Field(
        default=None, description="Of the request body: tells the same job from another one of the same id."
    )

    @property
    def ref(self) -> JobRef:
        """Which job this is about."""
        return JobRef(self.service, self.operation, self.job_id)

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen to the job any more."""
        return self.state in TERMINAL


class JobSchedule(Contract):
    """A job that is submitted by the server later, or again and again.

    `when` is as the server reads it (ADR-51): `@at 2026-12-01T00:00:00Z`, `@every 1h`, `@daily`, or six cron fields,
    seconds first.
    """

    service: str
    operation: str
    schedule_id: str
    when: str
    paused: bool = False
    created_at: datetime | None = None
