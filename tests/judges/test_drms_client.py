"""The stand-in for JSOC before its judge, the published drms client."""

import json
import subprocess
import sys

import pytest

from tests.tools import run, tool


@pytest.fixture(params=["new", "old"])
def stand_in(request):
    """Addresses of a stand-in in a process of its own, for each generation of the server."""
    command = [sys.executable, "-m", "scibus.sandbox.jsoc", "--generation", request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


def test_the_published_client_works_with_the_stand_in(stand_in):
    trial = run([*tool("drms_client"), stand_in["cgi_url"], stand_in["download_url"]])

    assert trial.returncode == 0, f"{trial.stdout}\n{trial.stderr[-2000:]}"
    assert json.loads(trial.stdout)["verdict"] == "passed"
