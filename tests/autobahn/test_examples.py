"""The examples run as they stand, against a worker and the stand-in: what the published client shows, part by part."""

import pytest

from tests import standing
from tests.examples import Examples

nats_server, mdb, autobahn = standing.nats_server, standing.mdb, standing.autobahn
folder, spawn_worker = standing.folder, standing.spawn_worker

EXAMPLES = Examples("autobahn")
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
    assert EXAMPLES.names == set(SAID)


@pytest.mark.parametrize("name", SAID)
async def test_the_example_says_what_it_promises(autobahn, nats_server, name, tmp_path):
    assert SAID[name] in await EXAMPLES.output_of(name, nats_server.url, tmp_path)


def test_the_bare_example_imports_nothing_of_ours():
    assert EXAMPLES.bare_one_is_bare
