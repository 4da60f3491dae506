"""Ids of jobs that were submitted without one: made from where the job stands in its stream."""

from datetime import UTC, datetime, timedelta

from scibus.contracts.subjects import SEQUENCED

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def sequenced_id(created: datetime, sequence: int) -> str:
    """`seq-<stream created, base36>-<stream sequence>`; the time in microseconds since 1970.

    With the time in it, an id does not come back when a stream was made anew and counts from one again.
    """
    return f"{SEQUENCED}{_base36((created - EPOCH) // timedelta(microseconds=1))}-{sequence}"


def sequence_of(job_id: str, created: datetime) -> int | None:
    """Where the job `job_id` stands in the stream made at `created`; None when it is not of that stream."""
    _, _, sequence = job_id.rpartition("-")
    if not (sequence.isascii() and sequence.isdigit()) or sequenced_id(created, int(sequence)) != job_id:
        return None
    return int(sequence)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
