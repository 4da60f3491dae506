"""The stand-in for JSOC before its judge, the published drms client."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JUDGE = Path(__file__).with_name("drms_client.py")
SECONDS_TO_JUDGE = 90


def uv() -> str:
    bundled = ROOT / ".tools" / "bin" / "uv"
    return str(bundled) if bundled.exists() else shutil.which("uv") or pytest.fail("there is no uv to run the judge")


@pytest.fixture
def judge():
    """The command that runs the judge; a judge that cannot be had fails the test, unless judges are switched off."""
    if os.environ.get("SCIBUS_JUDGES") == "off":
        pytest.skip("judges are switched off by SCIBUS_JUDGES=off: the stand-in for JSOC was not judged")
    command = [uv(), "run", "--offline", "--frozen", "--script", str(JUDGE)]
    trial = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=SECONDS_TO_JUDGE, check=False)
    if trial.returncode != 0:
        pytest.fail(f"the judge's environment is not there, run `uv sync --script {JUDGE}`: {trial.stderr[-600:]}")
    return command


@pytest.fixture(params=["new", "old"])
def stand_in(request):
    """Addresses of a stand-in in a process of its own, for each generation of the server."""
    command = [sys.executable, "-m", "scibus.sandbox.jsoc", "--generation", request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


def test_the_published_client_works_with_the_stand_in(judge, stand_in):
    command = [*judge, stand_in["cgi_url"], stand_in["download_url"]]
    trial = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_JUDGE, check=False)

    assert trial.returncode == 0, f"{trial.stdout}\n{trial.stderr[-2000:]}"
    assert json.loads(trial.stdout)["verdict"] == "passed"
