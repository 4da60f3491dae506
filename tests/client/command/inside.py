"""The command inside the tests' own process: as `Command`, without the second that a new Python takes to begin."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scibus.client.command.installed import installed
from scibus.client.command.main import app
from tests.client.command.commands import Command, Result


class Inside:
    """`scibus` at one bus. It has no terminal and gets no signal."""

    def __init__(self, url: str) -> None:
        self._runner = CliRunner(env={"SCIBUS_NATS_URL": url, "COLUMNS": "300", "TERM": "dumb"})

    async def __call__(self, *arguments: str, stdin: str = "") -> Result:
        """Run the command to its end."""
        # In a thread, since it has a loop of its own.
        told = await asyncio.to_thread(self._runner.invoke, app, arguments, input=stdin, prog_name="scibus")
        return Result(told.exit_code, told.stdout_bytes, told.stderr)


class Shortcut(Command):
    """The command as a process where that matters, for its terminal, pipes, signals or settings; else inside."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__(environment)
        self._inside = Inside(environment["SCIBUS_NATS_URL"])

    async def __call__(self, *arguments: str, stdin: str = "", **settings: str) -> Result:
        """Run the command to its end."""
        if settings:
            return await self.apart(*arguments, stdin=stdin, **settings)
        return await self._inside(*arguments, stdin=stdin)


@contextmanager
def seen_by_this_process(folder: Path) -> Iterator[None]:
    """Let what is installed in `folder` be found here."""
    sys.path.insert(0, str(folder))
    installed.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        installed.cache_clear()


@pytest.fixture
def scibus(scibus: Command, python_path: str) -> Iterator[Command]:
    """The command of a page whose tests need a process of its own here and there only."""
    with seen_by_this_process(Path(python_path.partition(os.pathsep)[0])):
        yield Shortcut(scibus.environment)
