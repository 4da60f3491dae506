"""What the pages show is so: their commands and programs are run, in order, on one bus that `scibus up` keeps."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.docs.pages import FOLDER, ROOT, Block, Command, blocks_of, pages_with_blocks, unrun_programs
from tests.waiting import free_port

SECONDS = 60
OpenTerminal = Callable[[str], "Terminal"]
START = re.search(
    r"^(SCIBUS_ACK_WAIT=\d+) (scibus up --port 4222)$", (FOLDER / "tutorial.md").read_text(), re.MULTILINE
)


class Terminal:
    """Runs what a page shows, in a folder of its own: that of a clone, as far as the page names what is in it."""

    def __init__(self, folder: Path, installed: Path, port: int) -> None:
        self._folder = folder
        self._port = str(port)
        for name in ("docs", "services"):
            (folder / name).symlink_to(ROOT / name)
        self.environment = os.environ | {
            "COLUMNS": "300",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(installed),
            "SCIBUS_NATS_URL": f"nats://127.0.0.1:{port}",
        }

    async def starts(self, line: str, **settings: str) -> asyncio.subprocess.Process:
        """Begin what goes on until it is stopped."""
        return await asyncio.create_subprocess_exec(
            *line.replace("4222", self._port).split(),
            cwd=self._folder,
            env=self.environment | settings,
            stderr=asyncio.subprocess.PIPE,
        )

    async def prints(self, command: Command) -> str:
        """What `command` prints. It comes to the shell as typed: in its arguments `pgrep` would find it."""
        typed = command.line.replace("4222", self._port)

        process = await asyncio.create_subprocess_exec(
            *("bash", "-s"),
            cwd=self._folder,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(typed.encode()), SECONDS)
        return output.decode()


@pytest.fixture(scope="module")
async def open_terminal(
    tmp_path_factory: pytest.TempPathFactory, installed_example: Path
) -> AsyncIterator[OpenTerminal]:
    """Terminals at the bus that the tutorial starts."""
    port = free_port()

    def open_terminal(name: str) -> Terminal:
        return Terminal(tmp_path_factory.mktemp(name), installed_example, port)

    setting, line = START.groups()
    up = await open_terminal("up").starts(line, **dict([setting.split("=")]))
    said = b""
    while b"| ready" not in said:
        said += await asyncio.wait_for(up.stderr.readline(), SECONDS)
        assert not up.stderr.at_eof(), said.decode()
    draining = asyncio.create_task(up.stderr.read())
    yield open_terminal
    up.terminate()
    await asyncio.wait_for(up.wait(), SECONDS)
    await draining


class Reader:
    """Does what a page shows, and notes what is not so."""

    def __init__(self, page: str, terminal: Terminal) -> None:
        self.noted: list[str] = []
        self._page = page
        self._terminal = terminal

    async def reads(self) -> None:
        """Do all blocks in order. Programs take seconds to begin: they go aside, while nobody is killed."""
        aside: list[asyncio.Task[None]] = []
        for block in blocks_of(self._page):
            if block.is_program:
                aside.append(asyncio.create_task(self._does(block)))
                continue
            if block.kills:
                await asyncio.gather(*aside)
            await self._does(block)
        await asyncio.gather(*aside)

    async def _does(self, block: Block) -> None:
        for command in block.commands:
            output = await self._terminal.prints(command)
            if not command.printed_by(output):
                self.noted.append(f"{self._page}: {command.line}\nprints\n{output}\nand not\n{command.printed}")


async def test_all_pages_show_what_happens(open_terminal):
    """At once: they wait for the bus most of the time, and do not know of each other."""
    readers = [Reader(page, open_terminal(page)) for page in pages_with_blocks()]

    await asyncio.gather(*(reader.reads() for reader in readers))

    noted = [difference for reader in readers for difference in reader.noted]
    assert not noted, "\n\n".join(noted)


def test_the_pages_that_teach_show_commands():
    assert pages_with_blocks() == ["protocol.md", "tutorial.md", "write-a-worker.md"]
    assert sum(len(block.commands) for block in blocks_of("tutorial.md")) >= 15


@pytest.mark.parametrize("page", [page.name for page in FOLDER.glob("*.md")])
def test_no_page_shows_python_that_nobody_runs(page):
    assert unrun_programs(page) == []
