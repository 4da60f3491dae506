"""The stand-in as a process of its own."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import httpx
import pytest

from scibus.sandbox.standin import StandInControl


@pytest.fixture
def spawn():
    """Starts stand-ins and ends them; gives a process and its addresses."""
    processes = []

    def start(*options):
        command = [sys.executable, "-m", "scibus.sandbox.modos", *options]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return processes[-1], json.loads(processes[-1].stdout.readline())

    yield start
    for process in processes:
        # Killed it would leave its folder behind.
        process.terminate()
        process.communicate(timeout=30)


def test_it_prints_its_addresses_when_it_listens(spawn):
    _, addresses = spawn()

    assert addresses == {
        "name": "modos",
        "url": addresses["url"],
        "control": addresses["url"],
        "blocks": addresses["blocks"],
        "settings": {"SCIBUS_MODOS_URL": addresses["url"], "SCIBUS_MODOS_REFGET_BUCKET": "reference-genomes"},
    }
    assert httpx.get(f"{addresses['url']}list").json()["data"][1] == "s3://modos-demo/ex"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_promptly_quietly_and_without_leftovers(spawn, number):
    process, addresses = spawn()
    folder = Path(urlsplit(httpx.get(addresses["url"]).json()["s3"]).path)
    assert folder.is_dir()

    process.send_signal(number)
    output, errors = process.communicate(timeout=30)

    assert (process.returncode, output, errors) == (0, "", "")
    assert not folder.exists()


def test_everything_may_be_below_a_path(spawn):
    _, addresses = spawn("--prefix", "modos/demo", "--login")
    services = httpx.get(addresses["url"]).json()

    assert addresses["url"].endswith("/modos/demo/")
    assert services["htsget"] == f"{addresses['url']}htsget"
    assert services["auth"]["url"] == f"{addresses['url']}auth/application/o/modos/"
    assert httpx.get(addresses["url"].rstrip("/")).json() == services
    assert httpx.get(f"{addresses['url']}list").status_code == 200
    assert httpx.get(f"{addresses['control']}list").status_code == 404


async def test_it_can_be_controlled_from_outside(spawn, http):
    _, addresses = spawn()
    control = StandInControl(addresses["control"])

    settings = await control.configure(generation="0.3.5", block_size=1000)
    added = await control.act("add_object", count=2, folder="")
    token = await control.act("token", seconds=5)

    assert (settings["generation"], settings["block_size"], settings["login"]) == ("0.3.5", 1000, False)
    assert added == ["generated-000001", "generated-000002"]
    assert token.count(".") == 2
    assert len((await http.get(f"{addresses['url']}list")).json()["modos"]) == 4
    assert await control.count("list") == 1


async def test_what_cannot_be_done_is_said(spawn):
    _, addresses = spawn()

    with pytest.raises(HTTPError) as refusal:
        await StandInControl(addresses["control"]).act("break_object", path="nothing")

    assert refusal.value.code == 400
    assert "there is no object nothing" in json.load(refusal.value)["error"]
