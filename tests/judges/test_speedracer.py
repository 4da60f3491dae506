"""The stand-in for the Mission Data Broker before its judge, the published client speedracer."""

import json
import subprocess
import sys

import pytest

from tests.tools import run, tool


@pytest.fixture
def stand_in():
    """Addresses of a stand-in in a process of its own, as it tells them."""
    with subprocess.Popen([sys.executable, "-m", "scibus.sandbox.mdb"], stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline()
        process.terminate()


def test_the_published_client_works_with_the_stand_in(stand_in):
    trial = run([*tool("speedracer_client"), stand_in])

    assert trial.returncode == 0, f"{trial.stdout}\n{trial.stderr[-2000:]}"
    assert json.loads(trial.stdout)["verdict"] == "passed"
