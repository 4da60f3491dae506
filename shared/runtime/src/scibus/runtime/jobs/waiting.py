"""Waiting for a turn without a slot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scibus.runtime.jobs.held import HeldJob, Stop
from scibus.runtime.jobs.patience import patiently
from scibus.runtime.jobs.slots import Slots
from scibus.runtime.jobs.turns import Turn, Turns

MOST_WAITING = 1000
"""Jobs of an operation that wait here; more wait in the stream."""


class WaitingRoom:
    """Where jobs of one operation wait for their turn at the backend."""

    def __init__(self, slots: Slots, turns: Turns) -> None:
        self._slots = slots
        self._turns = turns
        self.waiting = 0

    @asynccontextmanager
    async def turn(self, held: HeldJob, name: str) -> AsyncIterator[None]:
        """Hold the turn for `name` while the block runs."""
        key = self._turns.key(name)
        turn = await patiently(lambda: self._turns.take_now(key, held.ref)) or await self._wait(held, key)
        if turn.renew not in held.beats:
            held.beats.append(turn.renew)
        try:
            yield
        finally:
            await self._end(held, turn)

    async def _wait(self, held: HeldJob, key: str) -> Turn:
        if self.waiting >= MOST_WAITING:
            held.stop(Stop.PARKED)
            await asyncio.sleep(0)
        self.waiting += 1
        held.waiting = True
        self._slots.give_back()
        turn = None
        try:
            await patiently(lambda: held.write(state="waiting"))
            async with self._turns.in_line(key):
                turn = await self._turns.take(key, held.ref)
            held.beats.append(turn.renew)
            await self._slots.take_again()
            held.waiting = False
            await patiently(lambda: held.write(state="running"))
        except BaseException:
            if turn is not None:
                await self._end(held, turn)
            raise
        finally:
            self.waiting -= 1
        return turn

    async def _end(self, held: HeldJob, turn: Turn) -> None:
        if turn.renew in held.beats:
            held.beats.remove(turn.renew)
        await asyncio.shield(turn.end())
