"""Statuses of jobs in words: rows of a table, lines of a log."""

from typing import Any

from pydantic_core import to_json

from scibus.client.command.references import seconds
from scibus.client.command.views import RowsView, View
from scibus.contracts.jobs import JobProgress, JobStatus
from scibus.contracts.problems import ProblemDetails

COLUMNS = ("job", "state", "attempt", "progress", "worker", "submitted", "updated", "problem")


def jobs_view(statuses: list[JobStatus]) -> View:
    """One row per job; as JSON, all that is known of each."""
    return RowsView([_row(status) for status in statuses], to_json(statuses, indent=2), COLUMNS)


def job_view(status: JobStatus) -> View:
    """One job, with what its problem is about; as JSON, its `JobStatus`."""
    row = {**_row(status), "detail": status.problem.detail if status.problem else None}
    return RowsView([row], status.model_dump_json(indent=2).encode())


def line(status: JobStatus) -> str:
    """`2026-11-23T07:12:31+00:00 running 3/12 files fetching`."""
    moment = seconds(status.updated_at or status.submitted_at)
    return " ".join(part for part in (moment.isoformat() if moment else "", status.state, about(status)) if part)


def about(status: JobStatus) -> str:
    """What there is to say of a job beside its state."""
    parts = [progress_text(status.progress, ended=status.is_final)] if status.progress else []
    if status.attempt > 1 or status.state == "retrying":
        parts.append(f"attempt {status.attempt} of {status.max_attempts}")
    if status.cancel_requested and not status.is_final:
        parts.append("being cancelled")
    if status.problem and not status.is_final:
        parts.append(problem_text(status.problem))
    if moment := seconds(status.next_attempt_at):
        parts.append(f"next attempt {moment.isoformat()}")
    return ", ".join(filter(None, parts))


def progress_text(progress: JobProgress, *, ended: bool = False) -> str:
    """`3/12 files fetching`; what is going on is left out when the job has `ended`."""
    count = _number(progress.done) + ("" if progress.total is None else f"/{_number(progress.total)}")
    # Nothing of nobody knows how much is nothing to tell.
    parts = [count, progress.unit] if progress.done or progress.total is not None else []
    return " ".join(filter(None, [*parts, None if ended else progress.message]))


def problem_text(problem: ProblemDetails) -> str:
    """`In maintenance (backend-unavailable): back at noon`."""
    return f"{problem.title} ({problem.slug})" + (f": {problem.detail}" if problem.detail else "")


def _row(status: JobStatus) -> dict[str, Any]:
    values = (
        str(status.ref),
        status.state,
        status.attempt,
        progress_text(status.progress, ended=status.is_final) if status.progress else None,
        status.worker,
        seconds(status.submitted_at),
        seconds(status.updated_at),
        status.problem.slug if status.problem else None,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else f"{value:.2f}"
