"""A job in the hands of this worker, for as long as it can prove that it is."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from pydantic import ValidationError

from scibus.bus.cloudevents import event_headers
from scibus.bus.guarded import Stale
from scibus.bus.headers import trace_headers
from scibus.bus.records import Record, Records
from scibus.contracts.jobs import JobProgress, JobStatus
from scibus.contracts.operations import SCHEMA_PREFIX
from scibus.contracts.problems import BackendUnavailable
from scibus.contracts.subjects import record_key
from scibus.runtime.jobs.delivery import Delivery

PROGRESS_SECONDS = 1.0
"""A status carries progress at most so often."""
REWRITES = 8
SURE_PART = 0.8
"""Of the lease: the rest is left for a handler to stop before somebody else may begin."""
STUBBORN_SECONDS = 10.0
STATUS_SCHEMA = SCHEMA_PREFIX + JobStatus.__name__


class LostJob(Exception):
    """Somebody else has the job, or has ended it."""


class Stop(Enum):
    """Why a handler is stopped."""

    CANCELLED = "somebody asked for it"
    LOST = "the job is no longer ours"
    SHUTDOWN = "the worker stops"
    TOO_LONG = "the attempt took longer than it may"
    PARKED = "too many jobs wait for their turn here"


class HeldJob:
    """One job that this worker holds.

    Attributes:
        ref: which job it is.
        delivery: the job as it was submitted.
        status: as it was last written.
        began: when it was claimed (monotonic).
        is_new: whether nobody has ever begun with it.
        is_exhausted: whether its attempts have run out.
        stopped: why the handler was told to stop, if it was.
        handler: the running handler.
    """

    def __init__(
        self,
        delivery: Delivery,
        status: JobStatus,
        revision: int,
        statuses: Records,
        began: float,
        lease: float,
    ) -> None:
        self.ref = delivery.ref
        self.delivery = delivery
        self.status = status
        self.began = began
        self.is_new = False
        self.is_exhausted = False
        self.stopped: Stop | None = None
        self.handler: asyncio.Task[object] | None = None
        self.waiting = False
        self.unheard = 0
        """How often the heart has found the handler going on though it was told to stop."""
        self.beats: list[Callable[[], Any]] = []
        """Further things that are kept alive with the job."""
        self._revision = revision
        self._statuses = statuses
        self.busy_at = began
        """When the stream was last told that somebody is at work."""
        self._lease = lease
        self._confirmed = began
        self._cancelled_at = began
        self._written = time.monotonic()
        self._progress: JobProgress | None = None
        self._writing = asyncio.Lock()

    @property
    def is_sure(self) -> bool:
        """Whether nobody else can have taken the job over yet."""
        return time.monotonic() - self._confirmed < self._lease * SURE_PART

    @property
    def is_stopping(self) -> bool:
        """Whether the handler was told to stop, and has not done so yet."""
        return self.stopped is not None and self.handler is not None and not self.handler.done()

    @property
    def untold(self) -> float:
        """Seconds since the last status."""
        return time.monotonic() - self._written

    @property
    def has_news(self) -> bool:
        """Whether there is progress that no status carries yet."""
        return self._progress is not None and self.untold >= PROGRESS_SECONDS

    def stop(self, reason: Stop) -> None:
        """Stop the handler. That a job is lost outdoes every other reason."""
        if self.stopped is None or reason is Stop.LOST:
            self.stopped = reason
        self._cancel_handler()

    def insist(self) -> None:
        """Stop the handler again where it did not: a cancellation can get lost in what it was waiting for."""
        if self.stopped is not None and time.monotonic() - self._cancelled_at > STUBBORN_SECONDS:
            self._cancel_handler()

    def check(self) -> None:
        """Let no handler go on that was told to stop.

        Raises:
            asyncio.CancelledError: this one was.
        """
        if self.stopped is None and not self.is_sure:
            self.stop(Stop.LOST)
        if self.stopped is not None:
            raise asyncio.CancelledError

    def _cancel_handler(self) -> None:
        self._cancelled_at = time.monotonic()
        if self.handler is not None:
            self.handler.cancel()

    async def progress(self, progress: JobProgress) -> None:
        """Let the next status carry `progress`; written at once when the last one is old enough."""
        self._progress = progress
        if self.has_news:
            with suppress(BackendUnavailable):
                await self.tell()

    async def write(self, **changes: Any) -> None:
        """Write the status with `changes`: at once proof that the job is ours.

        Raises:
            LostJob: it is not.
            BackendUnavailable: nobody can tell.
        """
        async with self._writing:
            await self._write(changes)

    async def tell(self) -> None:
        """Write the status, unless one was written while this waited to do so. Raises what `write` raises."""
        asked = time.monotonic()
        async with self._writing:
            if self._written <= asked:
                await self._write({})

    async def _write(self, changes: dict[str, Any]) -> None:
        for _ in range(REWRITES):
            began = time.monotonic()
            news = self._progress
            told = {"progress": news} if news is not None else {}
            status = self.status.model_copy(update={**told, **changes, "updated_at": datetime.now(UTC)})
            try:
                revision = await write_status(
                    self._statuses, status, self._revision, self.delivery.headers, self.status.worker
                )
            except Stale:
                await self._catch_up()
                continue
            if self._progress is news:
                self._progress = None
            self.status, self._revision = status, revision
            self._confirmed, self._written = began, time.monotonic()
            return
        raise LostJob(self.ref)

    async def look(self) -> None:
        """See whether somebody asked for the job to be cancelled. Raises what `write` raises."""
        async with self._writing:
            await self._catch_up()

    async def _catch_up(self) -> None:
        """Take over what somebody else may write into the status of a job that is ours: that it shall be cancelled."""
        record = await self._statuses.read(record_key(*self.ref))
        if record is None or not record.exists:
            self._revision = record.revision if record else 0
            return
        found = read_status(record)
        if found is None or found.is_final or _holder(found) != _holder(self.status):
            self.stop(Stop.LOST)
            raise LostJob(self.ref)
        self._revision = record.revision
        if found.cancel_requested and not self.status.cancel_requested:
            self.status = self.status.model_copy(update={"cancel_requested": True})
            self.stop(Stop.CANCELLED)


def _holder(status: JobStatus) -> tuple[str | None, int | None, int]:
    return status.worker, status.sequence, status.attempt


def read_status(record: Record) -> JobStatus | None:
    """The status in a record; None where it is none."""
    try:
        return JobStatus.model_validate_json(record.data)
    except ValidationError:
        return None


async def write_status(
    statuses: Records, status: JobStatus, after: int, submitted: Mapping[str, str], worker: str | None
) -> int:
    """Write `status` if the last revision is still `after`, as an event that `worker` tells; the new revision.

    Raises what `Records.write` raises.
    """
    ref = status.ref
    headers = event_headers("event", ref, worker or "none", STATUS_SCHEMA, f"{ref}.{after}") | trace_headers(submitted)
    return await statuses.write(record_key(*ref), status.model_dump_json().encode(), after, headers)
