"""Workers as processes of their own, as they run in production."""

import asyncio
import itertools
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent
COMMANDS = {
    "probe": [str(TESTS / "runtime" / "probe.py")],
    "shapes": [str(TESTS / "client" / "command" / "shapes.py")],
    "chaos": [str(TESTS / "chaos" / "probe.py")],
    "ticker": [str(TESTS / "runtime" / "live" / "ticker.py")],
    "mover": [str(TESTS / "modos" / "transfer" / "mover.py")],
    "autobahn": ["-m", "scibus.autobahn"],
    "drms": ["-m", "scibus.drms"],
    "modos": ["-m", "scibus.modos"],
}
START_SECONDS = 60
STOP_SECONDS = 60
TAKEN_OVER = {"SCIBUS_ACK_WAIT": "6"}
"""For workers that are killed: their jobs go to another worker so many seconds later.

Not fewer: a worker that a busy machine lets stand still for a while keeps its jobs.
"""
_numbers = itertools.count()


@dataclass
class WorkerProcess:
    """A worker under test."""

    service: str
    process: asyncio.subprocess.Process
    log_file: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()

    async def wait(self) -> int:
        async with asyncio.timeout(STOP_SECONDS):
            return await self.process.wait()

    async def killed(self) -> None:
        """Kill it, and wait until it is gone."""
        self.process.kill()
        await self.wait()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def log_text(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def log_lines(self) -> list[dict[str, Any]]:
        whole, _, _ = self.log_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    async def logged(self, event: str, **members: Any) -> dict[str, Any]:
        """The first line that tells `event` with `members`, waiting for it if need be."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                for line in self.log_lines():
                    if event in line["event"] and members.items() <= line.items():
                        return line
                assert self.process.returncode is None, self.log_text()
                await asyncio.sleep(0.02)

    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


async def start_worker(
    service: str, folder: Path, settings: dict[str, str], stderr: int | None = None
) -> WorkerProcess:
    log_file = folder / f"{service}-{next(_numbers)}.log"
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *COMMANDS[service],
            env={**os.environ, "PYTHONPATH": str(TESTS.parent), **settings},
            stderr=log if stderr is None else stderr,
            stdout=asyncio.subprocess.DEVNULL,
        )
    return WorkerProcess(service, process, log_file)
