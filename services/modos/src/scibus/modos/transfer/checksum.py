"""One MD5 over several files, which are done in any order and reckoned in one."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scibus.contracts.problems import Problem

WORTH_A_THREAD = 64 * 1024
"""Bytes from which on an MD5 takes longer than the way to a thread and back."""


class ObjectChecksum:
    """The checksum of an object: each of its files is reckoned in when those before it are."""

    def __init__(self) -> None:
        self._md5 = _new_md5()
        self._next = 0
        self._waiting: dict[int, asyncio.Event] = {}
        self._failure: Problem | None = None

    @asynccontextmanager
    async def turn(self, position: int) -> AsyncIterator["FileChecksum"]:
        """The turn of the file at `position`, for what is added inside the block.

        Whatever is raised inside undoes what was added, and it is still the file's turn.

        Raises:
            Problem: a file before it never came; of that file, as `give_up` was told.
        """
        while self._next != position:
            self._raise_failure()
            await self._waiting.setdefault(position, asyncio.Event()).wait()
        self._raise_failure()
        file = FileChecksum(self._md5.copy())
        try:
            yield file
        finally:
            await file.reckoned()
        self._md5 = file.md5
        self._next += 1
        if following := self._waiting.pop(self._next, None):
            following.set()

    def give_up(self, problem: Problem) -> None:
        """A file will not come: nobody needs to wait any more."""
        self._failure = self._failure or problem
        for waiting in self._waiting.values():
            waiting.set()

    def hexdigest(self) -> str:
        """The checksum of the files so far."""
        return self._md5.hexdigest()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


class FileChecksum:
    """What one file adds. A large chunk is reckoned in a thread, while whoever has it does something else with it."""

    def __init__(self, md5: "hashlib._Hash") -> None:
        self.md5 = md5
        self._reckoning: asyncio.Future[None] | None = None

    async def add(self, chunk: bytes) -> None:
        """Reckon `chunk` in; waits for the one before."""
        await self.reckoned()
        if len(chunk) < WORTH_A_THREAD:
            self.md5.update(chunk)
        else:
            self._reckoning = asyncio.get_running_loop().run_in_executor(None, self.md5.update, chunk)

    async def reckoned(self) -> None:
        """Wait until all is reckoned in."""
        if self._reckoning is not None:
            await self._reckoning
            self._reckoning = None


def _new_md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)
