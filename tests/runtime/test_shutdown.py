"""SIGTERM: nothing that was accepted stays without an answer."""

import asyncio
import json
import os
import signal
import time

import nats
import pytest

from scibus.client import NoAnswer, connect
from scibus.contracts.problems import InternalError, Overloaded
from scibus.sandbox import NatsServer
from tests.processes import start_worker
from tests.runtime.probe import Probe
from tests.waiting import free_port, read_page, until


async def test_sixty_four_requests_in_flight_are_all_answered(bus, probe, gates):
    asked = [asyncio.create_task(bus.service(Probe).wait(seconds=0, gate="held")) for _ in range(64)]
    await gates.reached("held", 64)

    probe.terminate()
    await probe.logged("draining")
    gates.open("held")

    answers = await asyncio.gather(*asked)
    assert [answer.gate for answer in answers] == ["held"] * 64
    assert await probe.wait() == 0


async def test_a_burst_that_comes_with_the_signal_is_answered_or_refused_never_lost(bus, probe):
    service = bus.service(Probe)
    await service.echo(text="warm")
    ask = service.echo.options(timeout=60, wait_for_room=False)
    asked = [asyncio.create_task(ask(text="x" * 2000)) for _ in range(5000)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)

    probe.terminate()

    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, NoAnswer) and "within" in str(answer)] == []


async def test_past_the_grace_period_callers_are_told_to_ask_another_worker(bus, spawn_worker, gates):
    worker = await spawn_worker("probe", SCIBUS_GRACE_PERIOD="0.5", **gates.settings)
    asked = asyncio.create_task(bus.service(Probe).wait.options(wait_for_room=False)(seconds=0, gate="held"))
    await gates.reached("held")

    worker.terminate()

    with pytest.raises(Overloaded, match="shutting down"):
        await asked
    assert await worker.wait() == 0


async def test_a_second_signal_hurries(bus, spawn_worker, gates):
    probe = await spawn_worker("probe", SCIBUS_GRACE_PERIOD="300", **gates.settings)
    asked = asyncio.create_task(bus.service(Probe).wait.options(wait_for_room=False)(seconds=0, gate="held"))
    await gates.reached("held")
    probe.terminate()
    await probe.logged("draining")

    probe.terminate()

    with pytest.raises(Overloaded):
        await asked
    assert await probe.wait() == 0


async def test_a_worker_that_waits_for_nats_can_be_stopped(spawn_worker):
    worker = await spawn_worker("probe", ready=False, SCIBUS_NATS_URL="nats://127.0.0.1:1")
    await worker.logged("NATS trouble")

    worker.terminate()

    assert await worker.wait() == 0


async def test_a_draining_worker_is_found_no_more(bus, probe, gates):
    asked = asyncio.create_task(bus.service(Probe).wait(seconds=0, gate="held"))
    await gates.reached("held")
    before = await is_gone(bus, "probe")
    probe.terminate()
    await probe.logged("draining")

    await until(lambda: is_gone(bus, "probe"))
    assert (before, asked.done()) == (False, False)
    gates.open("held")
    assert (await asked).gate == "held"


async def is_gone(bus, name):
    try:
        await bus.connection.request(f"$SRV.PING.{name}", timeout=5)
    except nats.errors.NoRespondersError:
        return True
    except nats.errors.TimeoutError:
        return False
    return False


async def test_resources_are_closed_when_all_is_answered(bus, probe, gates):
    asked = asyncio.create_task(bus.service(Probe).wait(seconds=0, gate="held"))
    await gates.reached("held")
    probe.terminate()
    await probe.logged("draining")
    gates.open("held")

    assert (await asked).gate == "held"
    assert await probe.wait() == 0
    assert [line["event"] for line in probe.log_lines()][-3:] == ["draining", "resource closed", "stopped"]


async def test_a_killed_handler_process_is_gone_and_the_bus_goes_on(bus, spawn_worker):
    dying = await spawn_worker("probe")
    (known,) = await bus.services(timeout=10)
    living = await spawn_worker("probe")
    os.kill(dying.pid, 9)
    await dying.wait()
    # As long as the server has not noticed, it may give a request to the one that is gone.
    await until(lambda: is_gone(bus, f"probe.{known.id}"))

    assert (await bus.service(Probe).echo(text="hi")).text == "hi"
    assert living.process.returncode is None


async def test_a_worker_that_has_lost_nats_can_be_stopped(bus, probe, nats_server):
    await nats_server.kill()
    await probe.logged("NATS is away")

    probe.terminate()

    assert await probe.wait() == 0


async def test_a_worker_whose_connection_is_closed_for_good_ends_and_says_why(spawn_worker):
    async with NatsServer() as server:
        worker = await spawn_worker("probe", SCIBUS_NATS_URL=server.url)
        server.config = "authorization { token: changed }"

        await server.reload()

        assert await worker.wait() == 1
        assert "closed the connection for good" in worker.log_text()


async def test_a_worker_holds_one_connection(spawn_worker):
    port = free_port()
    async with NatsServer(config=f"http: 127.0.0.1:{port}") as server:
        await spawn_worker("probe", SCIBUS_NATS_URL=server.url)

        connections = json.loads(await read_page(port, "/connz"))["connections"]

    assert [connection["name"].partition("-")[0] for connection in connections] == ["probe"]


async def test_the_grace_period_holds_while_nats_is_frozen(spawn_worker, nats_server):
    worker = await spawn_worker("probe", SCIBUS_GRACE_PERIOD="2")
    nats_server.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()

    worker.terminate()

    assert await worker.wait() == 0
    assert time.monotonic() - began < 20
    nats_server.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("step", ["deaf", "thread"])
async def test_a_handler_that_does_not_stop_does_not_hold_the_worker(bus, spawn_worker, tmp_path, step):
    diary = tmp_path / "diary"
    worker = await spawn_worker("probe", SCIBUS_GRACE_PERIOD="2", SCIBUS_PROBE_DIARY=str(diary))
    await bus.service(Probe).work.submit_as("deaf", steps=["note:begun", step])
    await until(lambda: begun(diary))

    worker.terminate()

    assert await worker.wait() == 0


async def begun(diary):
    return diary.is_file() and "begun" in diary.read_text()


async def test_a_log_that_nobody_reads_does_not_hold_the_worker(nats_server, tmp_path):
    never_read, stderr = os.pipe()
    worker = await start_worker("probe", tmp_path, {"SCIBUS_NATS_URL": nats_server.url}, stderr=stderr)
    async with connect(nats_server.url) as bus:
        await until(lambda: found(bus))
        # A pipe holds 64 KiB, and each tells a traceback.
        for _ in range(6):
            await asyncio.gather(*(fails(bus) for _ in range(50)))

    worker.terminate()

    assert await worker.wait() == 0
    os.close(never_read)
    os.close(stderr)


async def found(bus):
    return bool(await bus.services(timeout=2))


async def fails(bus):
    with pytest.raises(InternalError):
        await bus.service(Probe).fail(text="boom")


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3, 1.0])
async def test_a_worker_that_still_looks_for_nats_leaves_at_once(spawn_worker, seconds):
    settings = {"SCIBUS_NATS_URL": "nats://127.0.0.1:9", "SCIBUS_HTTP_PORT": str(free_port())}
    worker = await spawn_worker("probe", ready=False, **settings)
    await worker.logged("health and metrics are served")
    await asyncio.sleep(seconds)

    worker.terminate()

    async with asyncio.timeout(20):
        assert await worker.wait() == 0


async def test_a_worker_that_nats_refuses_at_its_start_ends_and_says_why(spawn_worker):
    async with NatsServer(config="authorization { user: worker, password: right }") as server:
        refused = server.url.replace("//", "//worker:s3cr3t@")
        worker = await spawn_worker("probe", ready=False, SCIBUS_NATS_URL=refused, SCIBUS_HTTP_PORT=str(free_port()))

        assert await worker.wait() == 1

    assert "Authorization Violation" in worker.log_text().splitlines()[-1]
    assert "s3cr3t" not in worker.log_text()
