"""Tools that must not share an environment with scibus: scripts of tests/judges, each with a lock of its own."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "tests" / "judges"
SECONDS_TO_RUN = 90


def tool(name: str) -> list[str]:
    """The command that runs `tests/judges/<name>.py`, to which its arguments are added.

    Fails the test where the script's environment is not installed, unless SCIBUS_JUDGES=off: then the test is skipped.
    """
    if os.environ.get("SCIBUS_JUDGES") == "off":
        pytest.skip(f"tools are switched off by SCIBUS_JUDGES=off: {name} was not run")
    script = SCRIPTS / f"{name}.py"
    checked = run([uv(), "sync", "--check", "--offline", "--frozen", "--script", str(script)])
    if checked.returncode != 0:
        pytest.fail(f"{name} is not installed, run `make setup`: {checked.stderr[-600:]}")
    return [uv(), "run", "--offline", "--frozen", "--script", str(script)]


def run(
    command: Sequence[str], *, cwd: Path = ROOT, seconds: float = SECONDS_TO_RUN
) -> subprocess.CompletedProcess[str]:
    """The ended command, whatever its exit code."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=seconds, check=False)


def uv() -> str:
    """The uv of this checkout, or whichever there is."""
    bundled = ROOT / ".tools" / "bin" / "uv"
    return str(bundled) if bundled.exists() else shutil.which("uv") or pytest.fail("there is no uv to run tools")
