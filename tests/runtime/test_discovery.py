"""Discovery as any client of NATS services (ADR-32) sees it."""

import json

import pytest

from scibus.client import connect
from scibus.sandbox import NatsServer
from tests import standing
from tests.runtime.probe import Probe
from tests.waiting import until

nats_server, bus = standing.nats_server, standing.bus
folder, spawn_worker, probe = standing.folder, standing.spawn_worker, standing.probe


@pytest.fixture
def srv(bus, probe):
    async def ask(subject):
        return json.loads((await bus.connection.request(f"$SRV.{subject}", timeout=30)).data)

    return ask


async def test_ping_answers_for_all_per_name_and_per_instance(srv):
    everyone = await srv("PING")

    assert everyone["type"] == "io.nats.micro.v1.ping_response"
    assert everyone["name"] == "probe"
    assert await srv("PING.probe") == everyone
    assert await srv(f"PING.probe.{everyone['id']}") == everyone


async def test_info_tells_every_endpoint_with_subject_queue_group_and_schemas(srv):
    info = await srv("INFO.probe")

    assert info["type"] == "io.nats.micro.v1.info_response"
    assert info["description"] == "What the runtime does with any handler."
    assert [endpoint["name"] for endpoint in info["endpoints"]] == [op.name for op in Probe.operations()]
    assert info["endpoints"][0] == {
        "name": "echo",
        "subject": "scibus.v1.req.probe.echo",
        "queue_group": "probe",
        "metadata": {
            "summary": "Say it again",
            "mode": "request",
            "request_schema": "urn:scibus:schema:v1:Text",
            "answer_schema": "urn:scibus:schema:v1:Text",
        },
    }


async def test_stats_count_requests_and_errors(srv, bus):
    service = bus.service(Probe)
    await service.echo(text="one")
    await bus.connection.request("scibus.v1.req.probe.echo", b"nonsense", timeout=30)

    stats = await srv("STATS.probe")

    assert stats["type"] == "io.nats.micro.v1.stats_response"
    assert stats["endpoints"][0]["num_requests"] == 2
    assert stats["endpoints"][0]["num_errors"] == 1
    assert stats["endpoints"][0]["last_error"] == "400:invalid-request"
    assert stats["endpoints"][0]["processing_time"] > 0


@pytest.fixture
async def another_server():
    async with NatsServer() as server:
        yield server


async def test_the_client_lists_the_workers(another_server, spawn_worker):
    for _ in range(2):
        await spawn_worker("probe", SCIBUS_NATS_URL=another_server.url)
    workers = []

    async with connect(another_server.url) as bus:

        async def both_are_found():
            workers[:] = await bus.services(timeout=5)
            return len(workers) >= 2

        await until(both_are_found)

    assert [worker.name for worker in workers] == ["probe", "probe"]
    assert workers[0].id != workers[1].id


async def test_where_nobody_is_the_list_is_empty(another_server):
    async with connect(another_server.url) as bus:
        assert await bus.services(timeout=0.5) == []
