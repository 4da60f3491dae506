"""Starting what is measured, each as a process that says so when it is ready."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.processes import TESTS
from tests.tools import uv

RIVALS = Path(__file__).with_name("rivals")
START_SECONDS = 60


def module(name: str) -> list[str]:
    """The command of a rival that shares our environment."""
    return [sys.executable, "-m", f"tests.bench.rivals.{name}"]


def script(name: str, *arguments: str) -> list[str]:
    """The command of a rival with an environment of its own."""
    return [uv(), "run", "--quiet", "--frozen", "--script", str(RIVALS / f"{name}.py"), *arguments]


@asynccontextmanager
async def running(command: list[str], **settings: str) -> AsyncIterator[str]:
    """While it runs; what it said in its first line."""
    async with running_lines(command, **settings) as said:
        yield await asyncio.wait_for(said(), START_SECONDS)


@asynccontextmanager
async def running_lines(command: list[str], **settings: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """While it runs; gives what it says, line by line."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=TESTS.parent, env=os.environ | settings, stdout=asyncio.subprocess.PIPE
    )

    async def said() -> str:
        assert process.stdout
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError(f"it ended: {' '.join(command)}")
        return line.decode().strip()

    try:
        yield said
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), START_SECONDS)


async def ended(command: list[str], **settings: str) -> str:
    """What it says until it ends."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=TESTS.parent, env=os.environ | settings, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"it failed: {' '.join(command)}")
    return told.decode()
