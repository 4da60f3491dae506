"""The command inside the tests' own process: as `Command`, without the second that a new Python takes to begin."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner

from scibus.client.command.installed import installed
from scibus.client.command.main import app
from tests.client.command.commands import Result


class Inside:
    """`scibus` at one bus. It has no terminal and gets no signal."""

    def __init__(self, url: str) -> None:
        self._runner = CliRunner(env={"SCIBUS_NATS_URL": url, "COLUMNS": "300", "TERM": "dumb"})

    async def __call__(self, *arguments: str, stdin: str = "") -> Result:
        """Run the command to its end."""
        # In a thread, since it has a loop of its own.
        told = await asyncio.to_thread(self._runner.invoke, app, arguments, input=stdin, prog_name="scibus")
        return Result(told.exit_code, told.stdout_bytes, told.stderr)


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
