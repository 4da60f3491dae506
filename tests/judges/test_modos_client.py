"""The stand-in for MODOS before its judge, the published modos client, where there is a Python that it runs on."""

import json
import subprocess
import sys

import pytest

from tests.tools import ROOT, run, tool, uv

NO_PYTHON = "No interpreter found"


@pytest.fixture
def stand_in():
    """Addresses of a stand-in in a process of its own, as it tells them: of the client's own generation."""
    command = [sys.executable, "-m", "scibus.sandbox.modos", "--generation", "0.3.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline()
        process.terminate()


def test_the_published_client_works_with_the_stand_in(stand_in):
    script = ROOT / "tests" / "judges" / "modos_client.py"
    if NO_PYTHON in run([uv(), "sync", "--check", "--offline", "--frozen", "--script", str(script)]).stderr:
        pytest.skip("there is no Python 3.12 or newer: modos_client was not run")

    trial = run([*tool("modos_client"), stand_in])

    assert trial.returncode == 0, f"{trial.stdout}\n{trial.stderr[-2000:]}"
    assert json.loads(trial.stdout)["verdict"] == "passed"
