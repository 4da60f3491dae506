"""The jobs of one operation: pulled as slots become free, each in a task of its own."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from nats.aio.msg import Msg

from scibus.bus.stored import api, parse_time
from scibus.bus.topology import jobs_stream
from scibus.contracts.jobs import JobRef
from scibus.contracts.operations import Operation
from scibus.contracts.problems import BackendUnavailable, Problem
from scibus.runtime.jobs.attempts import Attempt
from scibus.runtime.jobs.backoff import left
from scibus.runtime.jobs.claims import Claims
from scibus.runtime.jobs.delivery import Delivery, MessageReceipt, delivered
from scibus.runtime.jobs.handlers import Handlers
from scibus.runtime.jobs.heart import Heart
from scibus.runtime.jobs.held import HeldJob, LostJob, Stop
from scibus.runtime.jobs.job import Job
from scibus.runtime.jobs.puller import Puller
from scibus.runtime.jobs.reading import read_request
from scibus.runtime.jobs.slots import Slots
from scibus.runtime.jobs.stores import JobStores
from scibus.runtime.jobs.turns import Turns
from scibus.runtime.jobs.waiting import WaitingRoom
from scibus.runtime.logs import bind, get_logger
from scibus.runtime.metrics import WENT_WELL, Processed

log = get_logger(__name__)

SOON_SECONDS = 1.0
STUBBORN_SECONDS = 2.0
HAND_BACK_SECONDS = 8.0
"""Of the grace period: for stopped handlers to end, and their jobs to be handed back."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class JobEndpoint:
    """Takes the jobs of one operation, and sees to it that each is done."""

    def __init__(
        self, operation: Operation[..., Any, Any], handlers: Handlers, *, slots: int, stores: JobStores, turns: Turns
    ) -> None:
        self.operation = operation
        self.held: dict[JobRef, HeldJob] = {}
        self.stream = jobs_stream(operation.service)
        self.created = NEVER
        self._stores = stores
        whose = (operation.service, operation.name)
        self._processed = Processed(stores.metrics, operation.job_subject, *whose)
        stores.metrics.jobs_held.labels(*whose).set_function(lambda: len(self.held))
        stores.metrics.jobs_waiting.labels(*whose).set_function(lambda: self._room.waiting)
        self._slots = Slots(slots, on_free=lambda: self._puller.more())
        self._room = WaitingRoom(self._slots, turns)
        self._handlers = handlers
        self._tasks: set[asyncio.Task[None]] = set()
        self._taking = True
        self._heart = Heart(30.0, stores.breakdown)
        self._claims: Claims
        self._puller = Puller(
            stores.connection,
            self.stream,
            operation.name,
            free=lambda: self._slots.free,
            batch=slots // 2,
            take=self._take,
            repair=self._look_at_stream,
        )

    async def start(self, ack_wait: float) -> None:
        """Begin to take jobs, from a consumer that waits `ack_wait` seconds for an acknowledgement.

        Raises:
            BackendUnavailable, ApiError: the stream is not there.
        """
        await self._look_at_stream()
        self._heart.ack_wait = ack_wait
        self._claims = Claims(
            self._stores,
            self.stream,
            lambda: self.created,
            self.operation.attempts,
            self._heart.ack_wait,
            self.held,
        )
        self._heart.start()
        await self._puller.start()
        self._puller.more()

    def reconnected(self) -> None:
        """The server has forgotten what it was asked for."""
        self._puller.reset()

    async def stop_taking(self) -> None:
        """Take no more; what has arrived and was not begun goes to others at once, and so does what waits."""
        self._taking = False
        await self._puller.stop()
        for held in list(self.held.values()):
            if held.waiting:
                held.stop(Stop.SHUTDOWN)

    async def finish(self, seconds: float) -> None:
        """Wait for the jobs under way, at most `seconds`; hand the rest back, which costs them no attempt."""
        patience = min(HAND_BACK_SECONDS, max(seconds, 0) / 2)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=max(seconds - patience, 0))
        for held in list(self.held.values()):
            held.stop(Stop.SHUTDOWN)
        if self._tasks:
            _, slow = await asyncio.wait(self._tasks, timeout=max(patience, STUBBORN_SECONDS))
            for task in slow:
                task.cancel()
            if slow:
                _, stubborn = await asyncio.wait(slow, timeout=STUBBORN_SECONDS)
                log.error("jobs could not be handed back", operation=self.operation.name, count=len(stubborn))
        await self._heart.stop()

    def adopt(self, delivery: Delivery) -> None:
        """Take a job that nobody was given, to see it cancelled."""
        self._spawn(delivery, has_slot=False)

    def _take(self, message: Msg) -> None:
        if not self._taking or not self._slots.take():
            self._spawn_return(message)
            return
        self._spawn(delivered(message, self.created), has_slot=True)

    def _spawn_return(self, message: Msg) -> None:
        self._own(asyncio.create_task(MessageReceipt(message).again()))

    def _spawn(self, delivery: Delivery, *, has_slot: bool) -> None:
        self._own(asyncio.create_task(self._serve(delivery, has_slot=has_slot)))

    def _own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, delivery: Delivery, *, has_slot: bool) -> None:
        bind(operation=self.operation.name, job_id=delivery.ref.job_id)
        began, outcome, held = time.perf_counter(), "not-ours", None
        try:
            request = read_request(self.operation, delivery)
            held = await self._claims.claim(delivery, starts=not isinstance(request, Problem))
            if held is None:
                return
            held.waiting = not has_slot
            self.held[delivery.ref] = held
            self._heart.held.add(held)
            job = Job(held, self._stores.checkpoints, self._room, self._stores.blobs)
            outcome = await Attempt(self.operation, self._handlers, self._stores, held, job).make(request)
        except LostJob:
            outcome = "lost"
        except BackendUnavailable as problem:
            log.warning("a job is left to the stream", reason=str(problem))
            await delivery.receipt.again(SOON_SECONDS)
            outcome = "left"
        except Exception:
            log.exception("a job is left to the stream")
            await delivery.receipt.again(left(delivery.times))
            outcome = "left"
        finally:
            if held is not None:
                self._heart.held.discard(held)
                if self.held.get(delivery.ref) is held:
                    del self.held[delivery.ref]
                self._processed.observe(time.perf_counter() - began, WENT_WELL if outcome == "succeeded" else outcome)
            if has_slot and not (held is not None and held.waiting):
                self._slots.give_back()

    async def _look_at_stream(self) -> None:
        told = await api(self._stores.connection, f"STREAM.INFO.{self.stream}")
        self.created = parse_time(told["created"])
