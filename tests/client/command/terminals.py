"""A command on a terminal that goes on until somebody ends it."""

import asyncio
import os
import pty
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.client.command.commands import SCIBUS, STYLE, Command
from tests.waiting import until


class Screen:
    """What a running command has shown."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.seen = b""

    @property
    def text(self) -> str:
        return STYLE.sub(b"", self.seen).decode(errors="replace")

    async def shows(self, text: str) -> None:
        """Wait until it has shown `text`."""

        async def shown() -> bool:
            return text in self.text

        await until(shown, 60)

    async def ctrl_c(self) -> int:
        """Its exit code after Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        return await self.ended()

    async def ended(self) -> int:
        """Its exit code when it ends by itself."""
        async with asyncio.timeout(60):
            return await self._process.wait()


@asynccontextmanager
async def on_screen(scibus: Command, *arguments: str) -> AsyncIterator[Screen]:
    """Run the command on a terminal as long as the block lasts."""
    controller, terminal = pty.openpty()
    environment = scibus.environment | {"COLUMNS": "120", "LINES": "60", "TERM": "xterm", "NO_COLOR": "1"}
    process = await asyncio.create_subprocess_exec(
        SCIBUS, *arguments, env=environment, stdin=DEVNULL, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    screen = Screen(process)
    os.set_blocking(controller, False)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            screen.seen += os.read(controller, 65536)
        except OSError:
            # Linux says so when the other end is closed.
            loop.remove_reader(controller)

    loop.add_reader(controller, read)
    try:
        yield screen
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        loop.remove_reader(controller)
        os.close(controller)
