"""The command `scibus` as a process, in a shell's place."""

import asyncio
import json
import os
import pty
import re
import signal
import sysconfig
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCIBUS = str(Path(sysconfig.get_path("scripts")) / "scibus")
SECONDS = 100
STYLE = re.compile(rb"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Command:
    """`scibus` with an environment of its own."""

    def __init__(self, environment: dict[str, str], folder: Path | None = None) -> None:
        # Wide enough that no message is folded.
        self.environment = environment | {"COLUMNS": "300"}
        self._folder = folder

    async def start(self, *arguments: str, stdin: int = DEVNULL, **settings: str) -> Process:
        """The command under way, standard input and output being pipes."""
        environment = self.environment | settings
        return await asyncio.create_subprocess_exec(
            SCIBUS,
            *arguments,
            env=environment,
            cwd=self._folder,
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )

    async def __call__(self, *arguments: str, stdin: str = "", **settings: str) -> Result:
        """Run the command to its end."""
        return await self.apart(*arguments, stdin=stdin, **settings)

    async def apart(self, *arguments: str, stdin: str = "", **settings: str) -> Result:
        """Run the command to its end, in a process of its own."""
        process = await self.start(*arguments, stdin=PIPE, **settings)
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate(stdin.encode())
            return Result(await process.wait(), out, err.decode())

    async def on_terminal(self, *arguments: str, columns: int = 80) -> Result:
        """Run the command with standard output and error on a terminal; both are in `out`."""
        controller, terminal = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            SCIBUS,
            *arguments,
            env=self.environment | {"COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"},
            stdin=DEVNULL,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        async with asyncio.timeout(SECONDS):
            out = await asyncio.to_thread(read_all, controller)
        return Result(await process.wait(), shown(out), "")


def shown(out: bytes) -> bytes:
    """What a terminal shows of `out`, without its styles."""
    return STYLE.sub(b"", out).replace(b"\r\n", b"\n")


def read_all(controller: int) -> bytes:
    """What a terminal gets until its other end is closed."""
    pieces = []
    try:
        while piece := os.read(controller, 65536):
            pieces.append(piece)
    except OSError:
        # Linux says so when the other end is closed.
        pass
    os.close(controller)
    return b"".join(pieces)


async def ended_with(process: Process) -> Result:
    """What `process` leaves behind when it ends by itself."""
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
        return Result(await process.wait(), out, err.decode())


async def interrupted(process: Process) -> Result:
    """What `process` leaves behind after Ctrl-C."""
    process.send_signal(signal.SIGINT)
    return await ended_with(process)
