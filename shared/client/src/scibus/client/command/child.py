"""One run of a program: a process on a leash, what it says, how it ends."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from scibus.client.command.journal import Journal

LEASH = Path(__file__).with_name("leash.py")
START_SECONDS = 30.0
LAST_WORDS_SECONDS = 1.0
HURRIED_SECONDS = 5.0
LONGEST_LINE = 64 * 1024


class ChildError(Exception):
    """A program cannot be brought to run; the message says which and how it ended.

    Attributes:
        last_words: what it said last.
    """

    def __init__(self, reason: str, last_words: str = "") -> None:
        super().__init__(reason)
        self.last_words = last_words


@dataclass(frozen=True)
class Program:
    """A module to run.

    Attributes:
        name: under which it appears in the journal.
        patience: seconds that it may take to stop.
        announces: whether it tells where it is, as one line of JSON on standard output.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    patience: float = 10.0
    announces: bool = False


class Child:
    """A running process, in a session of its own: a terminal's Ctrl-C does not reach it."""

    def __init__(self, program: Program, process: Process, journal: Journal) -> None:
        self._program = program
        self._process = process
        self._journal = journal
        self._announced: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._listeners: list[asyncio.Task[None]] = []

    @classmethod
    async def start(cls, program: Program, environment: Mapping[str, str], journal: Journal) -> Self:
        """Start `program`."""
        # Pipes of our own: asyncio's would let `wait` wait for every grandchild that holds them open.
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", str(LEASH), program.module, *program.arguments),
                env=environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=out_end,
                stderr=err_end,
                start_new_session=True,
            )
        except BaseException:
            os.close(out)
            os.close(err)
            raise
        finally:
            os.close(out_end)
            os.close(err_end)
        child = cls(program, process, journal)
        child._listeners = [asyncio.create_task(child._hear_out(out)), asyncio.create_task(child._hear_err(err))]
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def announcement(self) -> dict[str, Any]:
        """What the program tells about where it is.

        Raises:
            ChildError: it ended, or told nothing in time.
        """
        name = self._program.name
        ended = asyncio.create_task(self.wait())
        awaited: set[asyncio.Future[Any]] = {ended, self._announced}
        await asyncio.wait(awaited, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self._announced.done():
            ended.cancel()
            return self._announced.result()
        how = how_it_ended(ended.result()) if ended.done() else f"told nothing for {START_SECONDS:g} s"
        ended.cancel()
        raise ChildError(f"{name} {how}", self._journal.last_words(name))

    async def wait(self) -> int:
        """Wait for the end of the process and its last words; a negative code is the signal that killed it."""
        code = await self._process.wait()
        await asyncio.wait(self._listeners, timeout=LAST_WORDS_SECONDS)
        return code

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask the process to stop; ask again after its patience or on `hurry`; then kill it."""
        with suppress(ProcessLookupError):
            self._process.terminate()
            if await self._ends_within(self._program.patience, hurry):
                return
            self._process.terminate()
            if await self._ends_within(HURRIED_SECONDS, asyncio.Event()):
                return
            os.killpg(self.pid, signal.SIGKILL)
        await self.wait()

    async def _ends_within(self, seconds: float, hurry: asyncio.Event) -> bool:
        ended, hurried = asyncio.create_task(self.wait()), asyncio.create_task(hurry.wait())
        await asyncio.wait({ended, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        done = ended.done()
        ended.cancel()
        hurried.cancel()
        return done

    async def _hear_out(self, pipe: int) -> None:
        async for line in _lines(pipe):
            if self._program.announces and not self._announced.done() and (told := _json(line)):
                self._announced.set_result(told)
            else:
                self._journal.line(self._program.name, line)

    async def _hear_err(self, pipe: int) -> None:
        async for line in _lines(pipe):
            self._journal.line(self._program.name, line)


def how_it_ended(code: int) -> str:
    """`code` in words."""
    return f"ended with exit code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"


async def _lines(pipe: int) -> AsyncIterator[str]:
    """The lines of `pipe` until its end; an endless one comes in pieces."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb"))
    try:
        while True:
            try:
                line = await reader.readuntil()
            except asyncio.IncompleteReadError as error:
                line = error.partial
            except asyncio.LimitOverrunError as error:
                line = await reader.readexactly(error.consumed)
            if not line:
                return
            yield line.decode(errors="replace").rstrip()
    finally:
        transport.close()


def _json(line: str) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
