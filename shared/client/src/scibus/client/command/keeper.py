"""Keeps a program running: starts it again when it ends, a bounded number of times in a row."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from scibus.client.command.child import Child, ChildError, Program, how_it_ended
from scibus.client.command.journal import Journal

MOST_FAILURES = 5
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
STABLE_SECONDS = 30.0
"""A run that lasted this long is no failure in a row with the ones before."""


class Keeper:
    """One program, over all its runs.

    Args:
        environment: called at each start, since what others told may have changed.
    """

    def __init__(self, program: Program, environment: Callable[[], Mapping[str, str]], journal: Journal) -> None:
        self.program = program
        self.told: dict[str, Any] = {}
        self.on_change: Callable[[], None] | None = None
        self._environment = environment
        self._journal = journal
        self._child: Child | None = None
        self._started = 0.0
        self._failures = 0
        self._replacing: asyncio.Task[None] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables that lead others to the program, as it told them."""
        return dict(self.told.get("settings", {}))

    async def start(self) -> None:
        """Start the program; where it announces itself, wait until it has.

        Raises:
            ChildError: it ended, or told nothing in time.
        """
        self._started = asyncio.get_running_loop().time()
        self._child = await Child.start(self.program, self._environment(), self._journal)
        if self.program.announces:
            self.told = await self._child.announcement()

    async def keep(self) -> None:
        """Start the program again whenever it ends.

        Raises:
            ChildError: it failed too often in a row.
        """
        while self._child:
            reason = how_it_ended(await self._child.wait())
            if self._replacing:
                await self._replacing
            else:
                await self._pause(reason)
            self._replacing = None
            await self._start_again()

    def replace(self) -> None:
        """Let a new run take the place of this one, with the environment as it is now."""
        if self._child and not self._replacing:
            self._replacing = asyncio.create_task(self._child.stop(asyncio.Event()))

    async def stop(self, hurry: asyncio.Event) -> None:
        """Stop the program; whoever keeps it must have been cancelled before."""
        if self._child:
            await self._child.stop(hurry)

    async def _pause(self, reason: str) -> None:
        name = self.program.name
        lasted = asyncio.get_running_loop().time() - self._started
        self._failures = 1 if lasted >= STABLE_SECONDS else self._failures + 1
        if self._failures >= MOST_FAILURES:
            raise ChildError(f"{name} {reason}, {self._failures} times in a row", self._journal.last_words(name))
        pause = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
        self._journal.own(f"{name} {reason}: starting it again in {pause:g} s")
        await asyncio.sleep(pause)

    async def _start_again(self) -> None:
        before = self.settings
        try:
            await self.start()
        except ChildError as error:
            # It has ended or is of no use: `keep` hears of its end and counts it.
            self._journal.own(str(error))
            await self.stop(asyncio.Event())
        if self.on_change and self.settings != before:
            self.on_change()
