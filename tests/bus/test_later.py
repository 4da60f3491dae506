"""aiohttp, which nats-py imports wherever it is installed, waits until somebody speaks over a WebSocket."""

import json
import subprocess
import sys

import pytest

ASK = """
import asyncio, json, sys
import scibus.bus.connection
from nats.aio.transport import WebSocketTransport

before = "aiohttp" in sys.modules

async def main():
    await WebSocketTransport().connect(__import__("urllib.parse").parse.urlparse("ws://127.0.0.1:1"), 1024, 1)

try:
    asyncio.run(main())
except Exception as error:
    print(json.dumps([before, "aiohttp" in sys.modules, type(error).__name__]))
"""


@pytest.fixture(scope="module")
def answer() -> list[object]:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", ASK], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


def test_the_bus_starts_without_it(answer: list[object]) -> None:
    assert answer[0] is False


def test_web_sockets_of_nats_py_itself_work_as_ever(answer: list[object]) -> None:
    assert answer[1:] == [True, "ClientConnectorError"]
