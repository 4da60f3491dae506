"""The bus as a Python program without an event loop sees it."""

import os
from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from scibus.client.blocking.loop import LoopThread
from scibus.client.bus import Bus, connect
from scibus.client.discovery import WorkerInfo
from scibus.client.jobs.dead import DeadLetter
from scibus.client.jobs.queues import QueueInfo
from scibus.contracts.blobs import BlobRef
from scibus.contracts.blocking import Blocking
from scibus.contracts.calls import CallOptions
from scibus.contracts.drms import Drms
from scibus.contracts.jobs import JobRef, JobSchedule, JobState, JobStatus

AnyService = TypeVar("AnyService", bound=Blocking)


class BlockingDrms(Blocking, Drms):
    """JSOC DRMS, the Stanford archive of HMI, AIA and MDI."""


class SyncBus:
    """A connection to the bus whose calls wait. Services are attributes: `bus.drms.rs_list(...)`.

    It may be used by several threads at once, and where an event loop is running, as in a notebook: there it keeps that
    loop waiting too. Every method raises what the method of `Bus` of the same name raises.
    """

    def __init__(self, loop: LoopThread, opened: AbstractAsyncContextManager[Bus]) -> None:
        self._loop = loop
        self._opened = opened
        self._bus = loop.wait(opened.__aenter__)
        self.drms = self.service(BlockingDrms)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; once more does nothing."""
        if self._loop.is_closed:
            return
        try:
            self._loop.wait(lambda: self._opened.__aexit__(None, None, None))
        finally:
            self._loop.stop()

    def service(self, service: type[AnyService]) -> AnyService:
        """A service whose contracts come from elsewhere: `class BlockingShop(Blocking, Shop)` waits for its answers."""
        return service(self._bus, self._bus.options, waiting=self._loop)

    def jobs(
        self,
        service: str | None = None,
        operation: str | None = None,
        states: Collection[JobState] = (),
        since: timedelta | None = None,
        limit: int = 1000,
    ) -> list[JobStatus]:
        """The newest `limit` jobs, newest news first."""
        return self._loop.wait(lambda: self._bus.jobs(service, operation, states, since, limit))

    def queues(self, service: str | None = None) -> list[QueueInfo]:
        """What is waiting for one service, or for each."""
        return self._loop.wait(lambda: self._bus.queues(service))

    def dead_letters(
        self,
        service: str | None = None,
        operation: str | None = None,
        since: timedelta | None = None,
        limit: int = 1000,
    ) -> list[DeadLetter]:
        """The newest `limit` jobs that could not be done, newest first, without their bodies."""
        return self._loop.wait(lambda: self._bus.dead_letters(service, operation, since, limit))

    def dead_letter(self, ref: JobRef) -> DeadLetter:
        """One job that could not be done, as it was submitted."""
        return self._loop.wait(lambda: self._bus.dead_letter(ref))

    def replay(self, ref: JobRef, job_id: str | None = None) -> JobRef:
        """Submit a dead job again under a new id; the job that it is now."""
        return self._loop.wait(lambda: self._bus.replay(ref, job_id))

    def schedules(self, service: str | None = None) -> list[JobSchedule]:
        """The schedules of one service, or of all."""
        return self._loop.wait(lambda: self._bus.schedules(service))

    def pause_schedule(self, ref: JobRef) -> JobSchedule:
        """Keep a schedule, but let nothing come of it."""
        return self._loop.wait(lambda: self._bus.pause_schedule(ref))

    def resume_schedule(self, ref: JobRef) -> JobSchedule:
        """Let a paused schedule go on."""
        return self._loop.wait(lambda: self._bus.resume_schedule(ref))

    def remove_schedule(self, ref: JobRef) -> None:
        """Forget a schedule; jobs that it has submitted stay."""
        self._loop.wait(lambda: self._bus.remove_schedule(ref))

    def services(self, timeout: float = 1.0) -> list[WorkerInfo]:
        """The workers that are there, as they tell of themselves within `timeout` seconds."""
        return self._loop.wait(lambda: self._bus.services(timeout))

    def download(self, ref: BlobRef, path: str | os.PathLike[str]) -> Path:
        """Stream a blob to `path`; the file appears only when it is whole and its SHA-256 was checked."""
        return self._loop.wait(lambda: self._bus.download(ref, path))


def connect_sync(
    url: str | None = None,
    *,
    name: str = "scibus-client",
    timeout: float = CallOptions.timeout,
    authorization: str | None = None,
) -> SyncBus:
    """Connect to the bus: `with connect_sync() as bus:`, or keep what it returns and close it in the end.

    Args:
        url: NATS servers, separated by commas; by default what `SCIBUS_NATS_URL` says.
        name: shown in the server's monitoring.
        timeout: seconds to wait for each answer, where a call says nothing else.
        authorization: value of the `Authorization` header of each request.

    Raises:
        NoAnswer: NATS is out of reach or refuses the login.
    """
    loop = LoopThread()
    try:
        return SyncBus(loop, connect(url, name=name, timeout=timeout, authorization=authorization))
    except BaseException:
        loop.stop()
        raise
