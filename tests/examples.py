"""Examples of a service, run as they stand by a process of their own."""

import asyncio
import os
import sys
from pathlib import Path

SERVICES = Path(__file__).parents[1] / "services"


class Examples:
    """The programs in a service's folder of examples."""

    def __init__(self, service: str) -> None:
        self._folder = SERVICES / service / "examples"

    @property
    def names(self) -> set[str]:
        return {path.name for path in self._folder.glob("*.py")}

    @property
    def bare_one_is_bare(self) -> bool:
        """Whether the example without our packages imports none."""
        return "scibus." not in (self._folder / "bare_nats.py").read_text().replace("scibus.v1", "")

    async def output_of(self, name: str, url: str, folder: Path) -> str:
        """What the example prints that finds the bus at `url`, and writes into `folder`."""
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            str(self._folder / name),
            env=os.environ | {"SCIBUS_NATS_URL": url, "COLUMNS": "200"},
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            output, errors = await running.communicate()
        assert running.returncode == 0, errors.decode()
        return output.decode()
