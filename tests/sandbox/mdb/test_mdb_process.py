"""The stand-in as a process of its own, told what to do from outside."""

import asyncio
import json
import signal
import ssl
import subprocess
import sys
from urllib.error import HTTPError

import nats
import pytest

from scibus.sandbox.standin import Fault, StandInControl
from tests.waiting import until


@pytest.fixture(scope="module")
def mdb():
    """Unlike elsewhere it is its addresses."""
    with subprocess.Popen([sys.executable, "-m", "scibus.sandbox.mdb"], stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture(autouse=True)
def in_order():
    """Each test clears up itself."""


@pytest.fixture
def control(mdb):
    return StandInControl(mdb["control"])


@pytest.fixture
def spawn():
    processes = []

    def start():
        command = [sys.executable, "-m", "scibus.sandbox.mdb"]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return processes[-1], json.loads(processes[-1].stdout.readline())

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def connect_publisher(addresses, dataset, closed=None):
    """As a process that knows no more than the addresses."""
    publisher = addresses["publisher"]
    return nats.connect(
        publisher["url"],
        tls=ssl.create_default_context(cafile=publisher["ca"]),
        user_credentials=publisher["datasets"][dataset]["credentials"],
        closed_cb=closed,
        allow_reconnect=False,
    )


def test_it_tells_a_worker_how_to_read(mdb):
    assert mdb["name"] == "mdb"
    assert mdb["settings"]["SCIBUS_AUTOBAHN_URL"] == mdb["url"]
    assert sorted(mdb["settings"]) == [
        "SCIBUS_AUTOBAHN_CA_BUNDLE",
        "SCIBUS_AUTOBAHN_CERT",
        "SCIBUS_AUTOBAHN_KEY",
        "SCIBUS_AUTOBAHN_URL",
    ]


async def test_others_may_publish_past_it(mdb, control):
    before = (await control.act("stream", dataset="weather"))["state"]["last_seq"]
    publisher = await connect_publisher(mdb, "weather")

    receipt = await publisher.jetstream().publish(mdb["publisher"]["datasets"]["weather"]["subject"], b"x")

    assert receipt.seq == before + 1
    await publisher.close()


async def test_another_process_can_have_everything_done_to_the_broker(control):
    await control.act("add_dataset", slug="remote", readers=["alice", "bob"])
    published = await control.act("publish", dataset="remote", payloads=["first", "second"], headers={"A": "b"})
    numbered = await control.act("publish", dataset="remote", count=8, size=50)
    await control.act("expire", dataset="remote", before=5)
    expired = await control.act("stream", dataset="remote")
    await control.act("restart_nats", seconds_away=0.1)
    await control.act("kill_nats")
    await control.act("start_nats")
    kept = await control.act("stream", dataset="remote")
    await control.act("recreate", dataset="remote")

    assert (published, numbered) == (2, 10)
    assert (expired["state"]["first_seq"], kept["state"]["last_seq"]) == (5, 10)
    assert (await control.act("stream", dataset="remote"))["state"]["last_seq"] == 0
    assert await control.act("consumers", dataset="remote") == []


async def test_another_process_can_have_connections_dropped(mdb, control):
    dropped = asyncio.Event()

    async def closed():
        dropped.set()

    publisher = await connect_publisher(mdb, "weather", closed)

    assert await control.act("drop_connections") >= 1
    async with asyncio.timeout(30):
        await dropped.wait()
    await publisher.close()


async def test_another_process_can_inject_faults_and_change_settings(control):
    await control.inject(Fault(operation="config", status=503))
    settings = await control.configure(nats_token_seconds=60, strict=True)
    await control.clear_faults()

    assert settings == {"gateway_token_seconds": 3600, "nats_token_seconds": 60, "strict": True}


@pytest.mark.parametrize(
    ("action", "parameters", "why"),
    [
        ("dance", {}, "there is no action dance: there is publish, "),
        ("recreate", {"dataset": "nothing"}, "there is no dataset nothing"),
        ("recreate", {"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_done_is_said(control, action, parameters, why):
    with pytest.raises(HTTPError) as refusal:
        await control.act(action, **parameters)

    assert refusal.value.code == 400
    assert why in json.load(refusal.value)["error"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_promptly_and_quietly(spawn, number):
    process, _ = spawn()

    process.send_signal(number)
    output, errors = process.communicate(timeout=30)

    assert (process.returncode, output, errors) == (0, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no signal for a parent's death")
async def test_the_broker_does_not_outlive_a_killed_stand_in(spawn):
    process, addresses = spawn()
    port = int(addresses["publisher"]["url"].rpartition(":")[2])

    process.kill()
    process.wait()

    await until(lambda: nobody_listens(port), 30)


async def nobody_listens(port):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False
