"""The client without an event loop: the same answers and problems, each call waiting."""

import asyncio
import contextvars
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from scibus.bus.trace import current_trace
from scibus.client import NoAnswer, connect_sync
from scibus.contracts import Blocking
from scibus.contracts.problems import NotFound
from tests import standing
from tests.processes import TESTS
from tests.runtime.probe import Probe

nats_server, bus, folder, spawn_worker, probe = (
    standing.nats_server,
    standing.bus,
    standing.folder,
    standing.spawn_worker,
    standing.probe,
)


class BlockingProbe(Blocking, Probe):
    """The probe, waiting."""


@pytest.fixture
def sync_bus(nats_server, probe):
    with connect_sync(nats_server.url) as sync_bus:
        yield sync_bus


@pytest.fixture
def asked(sync_bus):
    return sync_bus.service(BlockingProbe)


def test_a_request_is_answered(asked):
    assert asked.echo(text="hello").text == "hello"


async def test_it_works_while_a_loop_is_running_here(asked):
    assert asyncio.get_running_loop().is_running()
    assert asked.echo(text="in a notebook").text == "in a notebook"


def test_a_problem_is_raised_as_itself(asked):
    with pytest.raises(NotFound, match="no such record"):
        asked.fail(text="not-found")


def test_wrong_fields_are_refused_before_anything_is_sent(asked):
    with pytest.raises(ValueError, match="count"):
        asked.repeat(count=-1)


def test_a_timeout_holds(asked):
    began = time.monotonic()

    with pytest.raises(Exception, match="within"):
        asked.wait.options(timeout=0.2)(seconds=60)

    assert time.monotonic() - began < 30


def test_a_table_comes_whole(asked):
    assert asked.numbers(count=3).to_arrow()["n"].to_pylist() == [0, 1, 2]


def test_a_job_is_submitted_followed_and_its_result_had(asked):
    job = asked.work.submit_as("sync-1", steps=["sleep:0.1"])

    states = [status.state for status in job.events()]

    assert states[-1] == "succeeded"
    assert job.result(timeout=40).text == asked.work.job("sync-1").result(timeout=40).text


def test_what_is_left_of_the_events_can_be_given_up(asked):
    job = asked.work.submit_as("sync-2", steps=["sleep:60"])

    for _ in job.events():
        break

    assert job.cancel().cancel_requested
    with pytest.raises(Exception, match="cancelled"):
        job.result(timeout=40)


def test_a_result_that_is_not_there_yet_is_a_timeout(asked):
    job = asked.work.submit_as("sync-3", steps=["sleep:60"])

    with pytest.raises(TimeoutError):
        job.result(timeout=0.2)

    job.cancel()


def test_the_bus_is_listed(sync_bus, asked):
    asked.work.submit_as("sync-4").result(timeout=40)

    assert [worker.name for worker in sync_bus.services(30)] == ["probe"]
    assert "sync-4" in {status.job_id for status in sync_bus.jobs("probe")}
    assert {queue.service for queue in sync_bus.queues("probe")} == {"probe"}
    assert sync_bus.dead_letters("probe") == []
    assert sync_bus.schedules("probe") == []


def test_many_threads_share_one_connection(asked):
    with ThreadPoolExecutor(16) as threads:
        texts = list(threads.map(lambda number: asked.echo(text=str(number)).text, range(200)))

    assert texts == [str(number) for number in range(200)]


def test_the_callers_context_goes_along(asked):
    trace = "00-11111111111111111111111111111111-2222222222222222-01"

    def within_a_trace():
        current_trace.set({"traceparent": trace})
        return asked.carried().traceparent

    assert contextvars.copy_context().run(within_a_trace) == trace


def test_closing_ends_the_thread_and_says_so_to_latecomers(nats_server, probe):
    with connect_sync(nats_server.url) as sync_bus:
        asked = sync_bus.service(BlockingProbe)
    sync_bus.close()

    assert "scibus" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(RuntimeError, match="closed"):
        asked.echo(text="too late")


def test_a_server_that_is_not_there_is_said(nats_server):
    with pytest.raises(NoAnswer, match="out of reach"):
        connect_sync("nats://127.0.0.1:1")

    assert "scibus" not in {thread.name for thread in threading.enumerate()}


FORGETS = "import scibus.client; print(scibus.client.connect_sync().service.__name__)"
INTERRUPTED = """
from scibus.client import connect_sync
from tests.client.test_blocking import BlockingProbe

with connect_sync() as bus:
    probe = bus.service(BlockingProbe)
    try:
        probe.wait.options(timeout=100)(seconds=60)
    except KeyboardInterrupt:
        print(probe.echo(text="goes on").text)
"""


@pytest.fixture
def script(nats_server, probe):
    """A program of its own at the bus."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), "SCIBUS_NATS_URL": nats_server.url}

    def start(text):
        return subprocess.Popen([sys.executable, "-c", text], env=environment, stdout=subprocess.PIPE, text=True)

    return start


def test_a_program_that_forgets_to_close_it_ends_all_the_same(script):
    with script(FORGETS) as program:
        assert program.wait(60) == 0


async def test_ctrl_c_ends_a_call_and_not_the_connection(script, bus):
    asked = await bus.connection.subscribe(Probe.wait.subject)
    await bus.connection.flush()
    with script(INTERRUPTED) as program:
        await asked.next_msg(timeout=60)
        program.send_signal(signal.SIGINT)

        assert await asyncio.to_thread(program.stdout.read) == "goes on\n"
