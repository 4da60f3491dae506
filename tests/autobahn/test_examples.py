"""The examples run as they stand, against a worker and the stand-in: what the published client shows, part by part."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests import standing

nats_server, mdb, autobahn = standing.nats_server, standing.mdb, standing.autobahn
folder, spawn_worker = standing.folder, standing.spawn_worker

EXAMPLES = Path(__file__).parents[2] / "services" / "autobahn" / "examples"
SAID = {
    "bare_nats.py": '{"time": "2026-01-01T00:20:00Z", "temperature_C": 6.4',
    "callback.py": "10 or more messages are done: True\nfor half a second more: True",
    "durable.py": "archived 3\nand after a restart\narchived 4\narchived 5",
    "low_latency.py": "came within a second: True",
    "notebook.py": '3 {"time": "2026-01-01T00:20:00Z", "temperature_C": 6.4',
    "offset.py": "begins with 1 of 1 to 97",
    "seek.py": "message 1 of epoch 2 True\nmessage 1 of ",
    "subscribe.py": '"time": "2026-01-01T00:40:00Z", "temperature_C": 6.1',
    "authorization.py": "the worker asks as alice until 20",
}


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
async def test_the_example_says_what_it_promises(autobahn, nats_server, name):
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / name),
        env=os.environ | {"SCIBUS_NATS_URL": nats_server.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(running.communicate(), 60)

    assert running.returncode == 0, errors.decode()
    assert SAID[name] in output.decode()


def test_the_bare_example_imports_nothing_of_ours():
    assert "scibus." not in (EXAMPLES / "bare_nats.py").read_text().replace("scibus.v1", "")
