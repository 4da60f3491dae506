"""Discovery as any client of NATS services (ADR-32) sees it."""

import json

import pytest

from tests.runtime.probe import Probe


@pytest.fixture
def srv(bus, probe):
    async def ask(subject):
        return json.loads((await bus.connection.request(f"$SRV.{subject}", timeout=5)).data)

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
    await bus.connection.request("scibus.v1.req.probe.echo", b"nonsense", timeout=5)

    stats = await srv("STATS.probe")

    assert stats["type"] == "io.nats.micro.v1.stats_response"
    assert stats["endpoints"][0]["num_requests"] == 2
    assert stats["endpoints"][0]["num_errors"] == 1
    assert stats["endpoints"][0]["last_error"] == "400:invalid-request"
    assert stats["endpoints"][0]["processing_time"] > 0


async def test_the_client_lists_the_workers(bus, spawn_worker):
    await spawn_worker("probe")
    await spawn_worker("probe")

    workers = await bus.services()

    assert [worker.name for worker in workers] == ["probe", "probe"]
    assert workers[0].id != workers[1].id


async def test_where_nobody_is_the_list_is_empty(bus):
    assert await bus.services(timeout=0.5) == []
