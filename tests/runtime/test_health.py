"""Health and metrics over HTTP."""

import asyncio

import httpx
import pytest

from scibus.client import NoAnswer
from scibus.sandbox import NatsServer
from tests.runtime.pages import counted
from tests.runtime.probe import Probe
from tests.waiting import free_port, read_page, until


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
async def http(port):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


@pytest.fixture
async def worker(bus, spawn_worker, port, gates):
    return await spawn_worker("probe", SCIBUS_HTTP_PORT=str(port), **gates.settings)


async def test_a_serving_worker_is_alive_and_ready(http, worker):
    assert (await http.get("/livez")).status_code == 200
    assert (await http.get("/readyz")).status_code == 200


async def test_a_worker_without_nats_is_alive_but_not_ready(http, spawn_worker, port):
    await spawn_worker("probe", ready=False, SCIBUS_NATS_URL="nats://127.0.0.1:1", SCIBUS_HTTP_PORT=str(port))

    async def alive():
        try:
            return (await http.get("/livez")).status_code == 200
        except httpx.HTTPError:
            return False

    await until(alive)
    ready = await http.get("/readyz")
    assert (ready.status_code, ready.text) == (503, "NATS is away\n")


async def test_a_worker_is_ready_again_when_nats_is_back(http, worker, nats_server, bus):
    await nats_server.kill()

    async def away():
        return (await http.get("/readyz")).status_code == 503

    await until(away)
    assert (await http.get("/livez")).status_code == 200
    await nats_server.start()

    async def back():
        return (await http.get("/readyz")).status_code == 200

    await until(back)
    assert (await bus.service(Probe).echo(text="hi")).text == "hi"


async def test_while_nats_is_away_a_client_is_told_within_its_timeout(worker, nats_server, bus):
    await nats_server.kill()

    with pytest.raises(NoAnswer) as raised:
        await bus.service(Probe).echo.options(timeout=0.5)(text="hi")

    assert raised.value.details.retryable


async def test_a_draining_worker_is_alive_but_not_ready(http, worker, bus, gates):
    asked = asyncio.create_task(bus.service(Probe).wait(seconds=0, gate="held"))
    await gates.reached("held")
    worker.terminate()
    await worker.logged("draining")

    ready = await http.get("/readyz")

    assert (ready.status_code, ready.text) == (503, "draining\n")
    assert (await http.get("/livez")).status_code == 200
    gates.open("held")
    await asked


async def test_metrics_count_requests_by_outcome(http, worker, bus):
    await bus.service(Probe).echo(text="hi")
    await bus.connection.request("scibus.v1.req.probe.echo", b"nonsense", timeout=30)

    page = (await http.get("/metrics")).text

    assert counted(page, "scibus.v1.req.probe.echo", "") == 1
    assert counted(page, "scibus.v1.req.probe.echo", "invalid-request") == 1
    assert 'scibus_requests_in_flight{scibus_operation="echo",scibus_service="probe"} 0.0' in page
    assert "scibus_nats_connected 1.0" in page
    assert "process_resident_memory_bytes" in page


async def test_a_port_that_is_taken_stops_the_worker_with_one_line(worker, spawn_worker, port):
    second = await spawn_worker("probe", ready=False, SCIBUS_HTTP_PORT=str(port))

    assert await second.wait() == 1
    assert second.log_text().startswith(f"SCIBUS_HTTP_PORT: port {port} cannot be opened")
    assert second.log_text().count("\n") == 1


async def test_a_worker_that_is_still_starting_is_not_ready(spawn_worker):
    port = free_port()
    denied = "authorization { users: [{user: u, password: p, permissions: {publish: {deny: ['$JS.API.>']}}}] }"
    async with NatsServer(config=denied) as server:
        url = server.url.replace("//", "//u:p@")
        worker = await spawn_worker("probe", ready=False, SCIBUS_NATS_URL=url, SCIBUS_HTTP_PORT=str(port))
        await worker.logged("NATS trouble")

        assert await read_page(port, "/readyz") == "starting\n"


async def test_metrics_tell_that_nats_is_away(bus, spawn_worker, nats_server):
    port = free_port()
    worker = await spawn_worker("probe", SCIBUS_HTTP_PORT=str(port))
    await nats_server.kill()
    await worker.logged("NATS is away")

    assert "scibus_nats_connected 0.0" in await read_page(port, "/metrics")
