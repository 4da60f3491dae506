"""What the pages show is so: their commands and programs are run, in order, on one bus that `scibus up` keeps."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest

from scibus.client import connect
from tests.client.command import bench, commands
from tests.docs.pages import FOLDER, ROOT, Block, Command, blocks_of, pages_with_blocks, unrun_programs
from tests.processes import TAKEN_OVER
from tests.waiting import free_port, until

SECONDS = 120
OpenTerminal = Callable[[str], "Terminal"]
BACKEND = "scibus.sandbox.jsoc.__main__"
START = re.search(r"^SCIBUS_ACK_WAIT=\d+ (scibus up --port 4222)$", (FOLDER / "tutorial.md").read_text(), re.MULTILINE)


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
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate(typed.encode())
        return output.decode()


@pytest.fixture(scope="module")
def open_terminal(tmp_path_factory: pytest.TempPathFactory, installed_example: Path) -> OpenTerminal:
    """Terminals at the bus of the page."""
    port = free_port()
    return lambda name: Terminal(tmp_path_factory.mktemp(name), installed_example, port)


@pytest.fixture(scope="module")
async def up(open_terminal: OpenTerminal) -> AsyncIterator[bench.Bench]:
    """The bus that the tutorial starts. It gives jobs to another worker later than there: see `TAKEN_OVER`."""
    terminal = open_terminal("up")
    [line] = START.groups()
    up = bench.Bench(commands.Command(terminal.environment), await terminal.starts(line, **TAKEN_OVER))
    await until(lambda: "| ready" in up.said or up.process.returncode is not None, SECONDS)
    assert "| ready" in up.said, up.said
    yield up
    await up.ends_after(signal.SIGTERM)


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Let the process do nothing as long as the block lasts."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def is_under_way(url: str) -> bool:
    """Whether a worker has begun with the tutorial's long job."""
    async with connect(url) as bus:
        return (await bus.drms.export.job("long").status()).state == "running"


class Reader:
    """Does what a page shows, and notes what is not so."""

    def __init__(self, page: str, terminal: Terminal) -> None:
        self.noted: list[str] = []
        self._page = page
        self._terminal = terminal
        blocks = blocks_of(page)
        killing = next((place for place, block in enumerate(blocks) if block.kills), len(blocks))
        self._peaceful, self._later = blocks[:killing], blocks[killing:]

    async def reads(self) -> None:
        """Do all blocks in order, until somebody is killed. Programs take seconds to begin: they go aside."""
        aside: list[asyncio.Task[None]] = []
        for block in self._peaceful:
            if block.is_program:
                aside.append(asyncio.create_task(self._does(block)))
            else:
                await self._does(block)
        await asyncio.gather(*aside)

    async def reads_on(self, up: bench.Bench) -> None:
        """Do the other blocks. The backend says nothing before the worker is dead: its job is under way until then."""
        for block in self._later:
            if not block.kills:
                await self._does(block)
                continue
            submit, kill, *others = block.commands
            with standing_still(up.pids()[BACKEND]):
                await self._does(Block([submit]))
                await until(lambda: is_under_way(up.url))
                await self._does(Block([kill]))
            await self._does(Block(others))

    async def _does(self, block: Block) -> None:
        for command in block.commands:
            output = await self._terminal.prints(command)
            if not command.printed_by(output):
                self.noted.append(f"{self._page}: {command.line}\nprints\n{output}\nand not\n{command.printed}")


@pytest.mark.timeout(600)
async def test_all_pages_show_what_happens(open_terminal, up):
    """At once: they wait for the bus most of the time. Only what is killed they would miss."""
    readers = [Reader(page, open_terminal(page)) for page in pages_with_blocks()]

    await asyncio.gather(*(reader.reads() for reader in readers))
    for reader in readers:
        await reader.reads_on(up)

    noted = list(chain.from_iterable(reader.noted for reader in readers))
    assert not noted, "\n\n".join(noted)


def test_the_pages_that_teach_show_commands():
    assert pages_with_blocks() == ["protocol.md", "tutorial.md", "write-a-worker.md"]
    assert sum(len(block.commands) for block in blocks_of("tutorial.md")) >= 15


@pytest.mark.parametrize("page", [page.name for page in FOLDER.glob("*.md")])
def test_no_page_shows_python_that_nobody_runs(page):
    assert unrun_programs(page) == []
