"""The subjects of the bus, version 1. Everything lives under `scibus.v1`."""

import re

PREFIX = "scibus.v1"
SEQUENCED = "seq-"
"""Job ids that begin so are the bus's own: made from the stream sequence of a job submitted without an id."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_ID = 64
_JOB_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}")


def check_name(name: str) -> str:
    """`name`, if it may name a service or an operation.

    Raises:
        ValueError: it is not lower case, begins with no letter, or holds other characters than `a-z0-9_`.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a service or an operation: use [a-z][a-z0-9_]*")
    return name


def check_job_id(job_id: str) -> str:
    """`job_id`, if it may be the id of a job, a schedule or a subscription.

    Raises:
        ValueError: it is empty, too long, or holds other characters than `A-Za-z0-9_-`.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise ValueError(f"{job_id[:80]!r} cannot be an id: use 1 to 64 of A-Z a-z 0-9 _ -")
    return job_id


def check_own_id(job_id: str) -> str:
    """`job_id`, if a submitter may choose it.

    Raises:
        ValueError: it is no id, or one of the bus's own.
    """
    if job_id.startswith(SEQUENCED):
        raise ValueError(f"{job_id[:80]!r} cannot be chosen: ids that begin with {SEQUENCED} are the bus's own")
    return check_job_id(job_id)


def request_subject(service: str, operation: str) -> str:
    """Where a request for `operation` is published; its answer comes back on the reply inbox."""
    return f"{PREFIX}.req.{service}.{operation}"


def job_subject(service: str, operation: str, job_id: str | None = None) -> str:
    """Where a job is submitted: under an id, or without one."""
    return f"{PREFIX}.job.{service}.{operation}" + (f".{job_id}" if job_id else "")


def event_subject(service: str, operation: str, job_id: str) -> str:
    """Where each new status of a job appears."""
    return f"{PREFIX}.event.{service}.{operation}.{job_id}"


def result_subject(service: str, operation: str, job_id: str) -> str:
    """Where the one terminal message of a job is kept."""
    return f"{PREFIX}.result.{service}.{operation}.{job_id}"


def cancel_subject(service: str, operation: str, job_id: str) -> str:
    """Where the cancellation of a job is asked for."""
    return f"{PREFIX}.cancel.{service}.{operation}.{job_id}"


def dead_subject(service: str, operation: str, job_id: str) -> str:
    """Where a job that could not be done is kept as it was submitted."""
    return f"{PREFIX}.dead.{service}.{operation}.{job_id}"


def data_subject(service: str, subscription: str) -> str:
    """Where the messages of a live dataset are kept for one subscription, in the source's order."""
    return f"{PREFIX}.data.{service}.{subscription}"


def schedule_subject(service: str, operation: str, schedule_id: str) -> str:
    """Where a job to be submitted later, or again and again, is kept."""
    return f"{PREFIX}.schedule.{service}.{operation}.{schedule_id}"


def due_subject(service: str, operation: str) -> str:
    """Where a schedule puts the job when its time has come; the job stream takes it from there."""
    return f"{PREFIX}.due.{service}.{operation}"


def record_key(service: str, operation: str, job_id: str) -> str:
    """Key of a job's status in the bucket `scibus_jobs`."""
    return f"{service}.{operation}.{job_id}"
