"""What a handler knows of the job that it does, and can do about it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from scibus.bus.blobs import Blobs
from scibus.bus.guarded import Stale
from scibus.bus.records import Records
from scibus.contracts.jobs import JobProgress, JobRef
from scibus.contracts.model import Contract
from scibus.contracts.problems import InternalError, TooLarge
from scibus.contracts.subjects import record_key
from scibus.runtime.jobs.held import HeldJob, LostJob, Stop
from scibus.runtime.jobs.patience import patiently
from scibus.runtime.jobs.waiting import WaitingRoom

Data = TypeVar("Data", bound=Contract)

LARGEST_CHECKPOINT = 512 * 1024


class Job:
    """One job under way, as its handler sees it.

    Every method may raise `LostJob`, or cancel the handler: then another worker has the job, and this one must not act
    any more. A handler lets both pass.
    """

    def __init__(self, held: HeldJob, checkpoints: Records, room: WaitingRoom, blobs: Blobs) -> None:
        self._held = held
        self._checkpoints = checkpoints
        self._room = room
        self._blobs = blobs
        self._saved: bytes | None = None
        self._revision = 0

    @property
    def ref(self) -> JobRef:
        """Which job it is."""
        return self._held.ref

    @property
    def attempt(self) -> int:
        """Number of this handler start."""
        return self._held.status.attempt

    @property
    def submitted_at(self) -> datetime:
        """When the stream accepted the job."""
        return self._held.delivery.submitted_at

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked for the job to be cancelled; its handler is then cancelled too."""
        return self._held.status.cancel_requested

    async def progress(
        self, done: float, total: float | None = None, unit: str | None = None, message: str | None = None
    ) -> None:
        """Tell how far the job is. Costs next to nothing: it is written once a second at most."""
        self._held.check()
        await self._held.progress(JobProgress(done=done, total=total, unit=unit, message=message))
        self._held.check()

    async def checkpoint(self, data: Contract) -> None:
        """Save what a later attempt needs; save what is about to be made on a backend *before* it is made.

        What was saved before is replaced. When this returns, the job was still ours.

        Raises:
            TooLarge: more than 512 KiB.
        """
        body = data.model_dump_json().encode()
        if len(body) > LARGEST_CHECKPOINT:
            raise TooLarge(f"a checkpoint of {len(body)} bytes is larger than {LARGEST_CHECKPOINT}: put it into a blob")
        await self._save(body)
        self._held.check()

    def restored(self, model: type[Data]) -> Data | None:
        """What an earlier attempt saved, or this one; None when nothing was saved.

        Raises:
            InternalError: it was saved by another version of the worker and does not fit any more.
        """
        if not self._saved:
            return None
        try:
            return model.model_validate_json(self._saved)
        except ValidationError as error:
            raise InternalError(f"the checkpoint of an earlier attempt is no {model.__name__}") from error

    @asynccontextmanager
    async def wait_turn(self, key: str) -> AsyncIterator[None]:
        """Hold the turn for `key` while the block runs: no other job of the service has it, on whatever worker.

        While it waits the job is `waiting`, and another one has its slot. `key` appears nowhere in clear.
        """
        async with self._room.turn(self._held, key):
            self._held.check()
            yield

    def blob_name(self, filename: str) -> str:
        """A name for a file that the job makes; never used before."""
        return self._blobs.new_name(*self.ref, str(self.attempt), filename)

    async def recall(self) -> None:
        """Load what earlier attempts saved, and see to it that they can save nothing any more."""
        record = await patiently(lambda: self._checkpoints.read(record_key(*self.ref)))
        if record is not None:
            self._revision = record.revision
            self._saved = record.data if record.exists else None
        await self._save(self._saved or b"")

    async def forget(self) -> None:
        """Remove what was saved: the job is over."""
        if self._revision:
            await self._checkpoints.delete(record_key(*self.ref), self._revision)

    async def _save(self, body: bytes) -> None:
        if self._held.stopped is Stop.LOST:
            raise LostJob(self.ref)
        try:
            # While the server is away, the handler is stopped in time by the heart.
            self._revision = await patiently(
                lambda: self._checkpoints.write(record_key(*self.ref), body, self._revision)
            )
        except Stale:
            self._held.stop(Stop.LOST)
            raise LostJob(self.ref) from None
        self._saved = body
