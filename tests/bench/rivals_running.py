"""Starting what is measured, each as a process that says so when it is ready."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
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
    process = await asyncio.create_subprocess_exec(
        *command, cwd=TESTS.parent, env=os.environ | settings, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        first = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        if not first:
            raise RuntimeError(f"it did not start: {' '.join(command)}")
        yield first.decode().strip()
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
