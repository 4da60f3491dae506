"""Keeps held jobs alive: tells the stream and the other workers in time that somebody is at work."""

import asyncio
import time

from scibus.bus.guarded import Stale
from scibus.contracts.problems import BackendUnavailable, Problem
from scibus.runtime.breakdown import Breakdown
from scibus.runtime.jobs.held import HeldJob, LostJob, Stop
from scibus.runtime.logs import get_logger

log = get_logger(__name__)

AT_ONCE = 64
TICK_SECONDS = 0.5
DEAF_SECONDS = 30.0
"""A handler that was told to stop has so long to end."""


class Heart:
    """Beats for all jobs of one operation.

    Args:
        ack_wait: seconds after which the server gives a job to somebody else, and others may take it over.
        breakdown: told of a handler that cannot be stopped: only the end of its process keeps it from acting.
    """

    def __init__(self, ack_wait: float, breakdown: Breakdown) -> None:
        self.ack_wait = ack_wait
        self._breakdown = breakdown
        self.held: set[HeldJob] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self) -> None:
        """Three beats fit into the acknowledgement wait, so that two may go wrong."""
        tick = min(TICK_SECONDS, self.ack_wait / 6)
        while True:
            began = time.monotonic()
            # First: after a standstill of the whole process handlers must not go on before they are told.
            self._give_up_unsure()
            self._see_deaf(DEAF_SECONDS / tick)
            due = [held for held in self.held if held.has_news or began - held.busy_at >= self.ack_wait / 3]
            if due:
                await asyncio.gather(*(self._keep(held) for held in due))
                self._give_up_unsure()
            await asyncio.sleep(max(tick - (time.monotonic() - began), 0.01))

    async def _keep(self, held: HeldJob) -> None:
        async with self._room:
            try:
                async with asyncio.timeout(self.ack_wait / 3):
                    held.busy_at = time.monotonic()
                    await held.delivery.receipt.busy()
                    await held.tell()
                    for beat in list(held.beats):
                        await beat()
            except (LostJob, Stale):
                log.warning("a job went to another worker", job=str(held.ref))
                held.stop(Stop.LOST)
            except (BackendUnavailable, TimeoutError):
                # Not in a third of the acknowledgement wait, but soon again: the server may be back at any time.
                held.busy_at = time.monotonic() - self.ack_wait / 4
            except Problem as problem:
                log.warning("a job's status could not be told", job=str(held.ref), problem=problem.details.slug)
            except Exception:
                log.exception("a job's status could not be told", job=str(held.ref))

    def _give_up_unsure(self) -> None:
        """Who cannot prove any more that a job is its own stops before another worker may begin."""
        for held in self.held:
            held.insist()
            if not held.is_sure and held.stopped is None:
                log.warning("nobody can tell whose a job is", job=str(held.ref))
                held.stop(Stop.LOST)

    def _see_deaf(self, most: float) -> None:
        """End the worker where a handler goes on for `most` beats after it was told to stop."""
        for held in self.held:
            held.unheard += held.is_stopping
            if held.unheard > most:
                self._breakdown.report(f"the handler of {held.ref} cannot be stopped", drains=True)
