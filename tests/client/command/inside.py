"""The command inside the tests' own process: as `Command`, without the second that a new Python takes to begin."""

import asyncio
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scibus.client.command.installed import installed
from scibus.client.command.main import app
from tests.client.command.commands import Command, Result, read_all, shown


class Inside:
    """`scibus` at one bus. It gets no signal."""

    def __init__(self, url: str) -> None:
        self._environment = {"SCIBUS_NATS_URL": url, "COLUMNS": "300", "TERM": "dumb"}

    async def __call__(self, *arguments: str, stdin: str = "", **settings: str) -> Result:
        """Run the command to its end."""
        runner = CliRunner(env=self._environment | settings)
        # In a thread, since it has a loop of its own.
        told = await asyncio.to_thread(runner.invoke, app, arguments, input=stdin, prog_name="scibus")
        return Result(told.exit_code, told.stdout_bytes, told.stderr)

    async def on_terminal(self, *arguments: str, columns: int = 80) -> Result:
        """Run the command with standard output and error on a terminal; both are in `out`."""
        controller, terminal = pty.openpty()
        environment = self._environment | {"COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"}
        out, code = await asyncio.gather(
            asyncio.to_thread(read_all, controller), asyncio.to_thread(_run, arguments, terminal, environment)
        )
        return Result(code, shown(out), "")


def _run(arguments: tuple[str, ...], terminal: int, environment: dict[str, str]) -> int:
    """The exit code of the command whose output goes to `terminal`, which is closed in the end."""
    with (
        open(terminal, "w") as screen,
        redirect_stdout(screen),
        redirect_stderr(screen),
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            app(arguments, prog_name="scibus")
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


class Shortcut(Command):
    """The command inside; as a process where it is told to start."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__(environment)
        self._inside = Inside(environment["SCIBUS_NATS_URL"])

    async def __call__(self, *arguments: str, stdin: str = "", **settings: str) -> Result:
        """Run the command to its end."""
        return await self._inside(*arguments, stdin=stdin, **settings)

    async def on_terminal(self, *arguments: str, columns: int = 80) -> Result:
        """Run the command with standard output and error on a terminal; both are in `out`."""
        return await self._inside.on_terminal(*arguments, columns=columns)


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
