"""`scibus up` under test: what it says, what it runs, what it leaves."""

import asyncio
import os
import re
import signal
import subprocess
from asyncio.subprocess import DEVNULL, Process
from typing import Self

from scibus.client import connect
from tests.client.command.commands import Command, Result
from tests.runtime.probe import Probe
from tests.waiting import until

READY = re.compile(r"ready: scibus --url (\S+)")
START_SECONDS = 60.0
END_SECONDS = 60.0


class Bench:
    """A running `scibus up`."""

    def __init__(self, scibus: Command, process: Process) -> None:
        self.process = process
        self.said = ""
        self.code: int | None = None
        self._scibus = scibus
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, scibus: Command, *options: str, service: str = "probe", **settings: str) -> Self:
        """Start it with only one worker, the probe's as a rule, on a port of its own."""
        return cls(
            scibus, await scibus.start("up", "--port", "0", "--service", service, *options, stdin=DEVNULL, **settings)
        )

    @property
    def url(self) -> str:
        [url] = READY.findall(self.said)
        return str(url)

    async def ready(self) -> Self:
        await self.says("ready: scibus")
        return self

    async def says(self, text: str, since: int = 0) -> None:
        """Wait until it has said `text`, after its first `since` characters."""

        async def said() -> bool:
            assert self._listening.done() is False or text in self.said[since:], self.said
            return text in self.said[since:]

        await until(said, START_SECONDS)

    async def call(self, *words: str) -> Result:
        return await self._scibus("--url", self.url, "call", "probe", *words)

    async def greeting(self) -> str:
        """What the probe says before it says a text again."""
        async with connect(self.url) as bus:
            return (await bus.service(Probe).echo(text="")).text

    def pids(self) -> dict[str, int]:
        """Every process below it, by its module or program."""
        return dict(_below(self.process.pid, _processes()))

    async def runs(self, module: str) -> None:
        """Wait until it has started `module`."""

        async def started() -> bool:
            return module in self.pids()

        await until(started, START_SECONDS)

    async def ends(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(END_SECONDS):
            await self._listening
            return await self.process.wait()

    async def ends_after(self, number: signal.Signals) -> int:
        """Its exit code after a signal."""
        self.process.send_signal(number)
        return await self.ends()

    async def clean(self) -> None:
        """Leave nothing behind, whatever the test came to."""
        pids = self.pids().values()
        if self.process.returncode is None:
            self.process.kill()
        for pid in pids:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        await self.ends()

    async def _listen(self) -> None:
        assert self.process.stderr
        while piece := await self.process.stderr.read(4096):
            self.said += piece.decode()


def alive(pid: int) -> bool:
    """Whether there is a process `pid` that has not ended."""
    return any(found == pid and not state.startswith("Z") for found, _, state, _ in _processes())


async def all_gone(pids: dict[str, int], seconds: float = 40) -> None:
    """Wait until none of `pids` runs any more."""

    async def gone() -> bool:
        return not any(map(alive, pids.values()))

    await until(gone, seconds)


def _processes() -> list[tuple[int, int, str, str]]:
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 3) for line in listed.stdout.splitlines())
    return [(int(pid), int(parent), state, args) for pid, parent, state, args in rows]


def _below(pid: int, processes: list[tuple[int, int, str, str]]) -> list[tuple[str, int]]:
    found = []
    for child, parent, _, args in processes:
        if parent == pid:
            _, leash, module = args.partition("leash.py ")
            found.append((module.split()[0] if leash else args.split()[0].rpartition("/")[2], child))
            found += _below(child, processes)
    return found
