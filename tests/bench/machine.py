"""What the figures were measured on."""

import asyncio
import os
import platform
from importlib.metadata import version
from pathlib import Path

from scibus.sandbox.nats.server import server_binary
from tests.bench.rivals_running import RIVALS

OURS = ("nats-py", "faststream", "pydantic", "uvloop", "httpx", "obstore", "pysam", "pyarrow")
THEIRS = ("fastapi", "uvicorn", "taskiq-nats", "celery", "htsget", "moto")


async def described() -> dict[str, str]:
    """Processor, Python, and the version of everything that is measured."""
    server = await asyncio.create_subprocess_exec(str(server_binary()), "--version", stdout=asyncio.subprocess.PIPE)
    told, _ = await server.communicate()
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "server": told.decode().strip(),
        "versions": ", ".join(f"{name} {version(name)}" for name in OURS),
        "beside": ", ".join(_locked()),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _locked() -> list[str]:
    """The versions that the rivals' locks name."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(RIVALS.glob("*.lock")))
    found = (text.partition(f'name = "{name}"\nversion = "')[2].partition('"')[0] for name in THEIRS)
    return [f"{name} {number}" for name, number in zip(THEIRS, found, strict=True)]
