"""Who may do a job: decided by one compare-and-set on its status."""

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from nats.errors import Error as NatsError

from scibus.bus import headers as h
from scibus.bus.digests import request_digest
from scibus.bus.guarded import Stale
from scibus.bus.records import Record
from scibus.bus.stored import ApiError, message_at
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.problems import BackendUnavailable
from scibus.contracts.subjects import SEQUENCED, record_key
from scibus.runtime.jobs.delivery import Delivery, job_ref
from scibus.runtime.jobs.held import HeldJob, read_status, write_status
from scibus.runtime.jobs.stores import JobStores
from scibus.runtime.logs import get_logger

log = get_logger(__name__)

TRIES = 8
SOON_SECONDS = 1.0


class Claims:
    """Claims jobs of one operation for this worker.

    Args:
        stores: where the statuses are.
        stream: that gives the jobs out.
        created: when that stream was made.
        attempts: handler starts after which a job fails for good.
        ack_wait: seconds after which a holder that tells nothing counts as dead.
        held: jobs that this worker holds.
    """

    def __init__(
        self,
        stores: JobStores,
        stream: str,
        created: Callable[[], datetime],
        attempts: int,
        ack_wait: float,
        held: Mapping[JobRef, HeldJob],
    ) -> None:
        self._stores = stores
        self._stream = stream
        self._created = created
        self._attempts = attempts
        self._ack_wait = ack_wait
        self._held = held

    async def claim(self, delivery: Delivery, *, starts: bool = True) -> HeldJob | None:
        """The job, now ours and recorded as such; None when there is nothing to be done here.

        Args:
            delivery: the job as the stream gave it out.
            starts: whether its handler will be started, which is recorded as an attempt.

        Raises:
            BackendUnavailable: the statuses are out of reach.
        """
        if delivery.is_named and delivery.ref.job_id.startswith(SEQUENCED):
            # Under this id a job without one may come, and it would be taken for this.
            log.error("a job was dropped: only the bus gives such ids", job=str(delivery.ref))
            await delivery.receipt.done()
            return None
        fresh = self._fresh(delivery, attempt=1 if starts else 0)
        if delivery.times == 1 and (held := await self._take(delivery, fresh, 0)):
            return held
        for _ in range(TRIES):
            record = await self._stores.statuses.read(record_key(*delivery.ref))
            old = read_status(record) if record is not None and record.exists else None
            if old is None:
                new = fresh
            elif await self._is_settled(delivery, old, record):
                return None
            else:
                new = self._next(fresh, old, starts=starts)
            if held := await self._take(delivery, new, record.revision if record else 0):
                held.is_exhausted = old is not None and self._is_exhausted(new, old)
                return held
        log.warning("a job changes hands too fast", job=str(delivery.ref))
        await delivery.receipt.again(SOON_SECONDS)
        return None

    async def _take(self, delivery: Delivery, status: JobStatus, after: int) -> HeldJob | None:
        began = time.monotonic()
        try:
            revision = await write_status(self._stores.statuses, status, after, delivery.headers, self._stores.instance)
        except Stale:
            return None
        held = HeldJob(delivery, status, revision, self._stores.statuses, began, self._ack_wait)
        held.is_new = not after
        return held

    async def _is_settled(self, delivery: Delivery, old: JobStatus, record: Record | None) -> bool:
        """Whether somebody else does the job, or has done it."""
        if old.is_final:
            await delivery.receipt.done()
            return True
        if old.sequence is not None and old.sequence != delivery.sequence and await self._lies_at(old):
            log.info("a job was submitted again while it is there", job=str(delivery.ref))
            await delivery.receipt.done()
            return True
        if old.worker is None or old.state not in ("running", "waiting") or record is None:
            return False
        if old.worker == self._stores.instance:
            mine = self._held.get(delivery.ref)
            if mine is not None:
                # The server forgot that it had given the job to us.
                mine.delivery.receipt = delivery.receipt
                return True
        age = await self._stores.contact.age(record.time, f"KV_{self._stores.statuses.bucket}")
        if age >= self._ack_wait:
            return False
        left = self._ack_wait - age
        await delivery.receipt.again(left + random.uniform(0.0, 0.1) * self._ack_wait)  # noqa: S311 - spreads the load
        return True

    async def _lies_at(self, old: JobStatus) -> bool:
        """Whether the submission that `old` is about is still in the stream."""
        try:
            message = await message_at(self._stores.connection, self._stream, old.sequence or 0)
        except (ApiError, NatsError, TimeoutError) as error:
            raise BackendUnavailable(f"{self._stream} does not answer: {error!r}") from error
        return message is not None and job_ref(message.subject, self._created(), message.sequence) == old.ref

    def _fresh(self, delivery: Delivery, attempt: int) -> JobStatus:
        service, operation, job_id = delivery.ref
        return JobStatus(
            service=service,
            operation=operation,
            job_id=job_id,
            state="running",
            attempt=attempt,
            max_attempts=self._attempts,
            worker=self._stores.instance,
            submitted_at=delivery.submitted_at,
            updated_at=datetime.now(UTC),
            replay_of=delivery.headers.get(h.REPLAY_OF),
            sequence=delivery.sequence,
            digest=request_digest(delivery.data),
        )

    def _next(self, fresh: JobStatus, old: JobStatus, *, starts: bool) -> JobStatus:
        """The status with which the next attempt begins, if there may be one more."""
        attempt = min(old.attempt + _counts(old, starts=starts), max(self._attempts, old.attempt))
        changes = {"attempt": attempt, "cancel_requested": old.cancel_requested, "progress": old.progress}
        return fresh.model_copy(update=changes)

    def _is_exhausted(self, new: JobStatus, old: JobStatus) -> bool:
        return new.attempt == old.attempt and old.attempt >= self._attempts and _counts(old, starts=True)


def _counts(old: JobStatus, *, starts: bool) -> bool:
    """Whether the next handler start is one more attempt; one whose worker died while it waited did not count."""
    waited = old.state == "waiting" and old.worker is not None
    return starts and not waited and not old.cancel_requested
