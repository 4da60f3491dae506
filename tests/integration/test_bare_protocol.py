"""With nothing but nats-server and `python -m scibus.drms`: the subjects of the protocol, from bare nats-py."""

import json

import nats
import pytest

from tests import standing

nats_server, bus, jsoc, in_order = standing.nats_server, standing.bus, standing.jsoc, standing.in_order
folder, spawn_worker, drms = standing.folder, standing.spawn_worker, standing.drms


@pytest.fixture
async def bare(nats_server, drms):
    connection = await nats.connect(nats_server.url)
    yield connection
    await connection.close()


ASKED = {
    "check_address": {"email": "user@example.com"},
    "exp_request": {"ds": "hmi.v_45s[2013.07.03_08:42_TAI/3m]", "notify": "user@example.com"},
    "rs_list": {"ds": "hmi.v_45s[2013.07.03_08:42_TAI/3m]", "key": "T_REC"},
    "rs_summary": {"ds": "hmi.v_45s[2013.07.03_08:42_TAI/3m]"},
    "series_struct": {"ds": "hmi.v_45s"},
    "show_series": {"ds_filter": "^hmi"},
    "show_series_wrapper": {"info": True},
    "query": {"ds": "hmi.v_45s[2013.07.03_08:42_TAI/3m]", "key": ["T_REC"]},
}


@pytest.mark.parametrize(("operation", "body"), ASKED.items())
async def test_every_request_is_answered_with_json(bare, operation, body):
    reply = await bare.request(f"scibus.v1.req.drms.{operation}", json.dumps(body).encode(), timeout=30)

    assert reply.headers["Content-Type"] == "application/json"
    assert isinstance(json.loads(reply.data), dict)


async def test_the_state_of_an_export_is_answered_too(bare):
    order = ASKED["exp_request"] | {"method": "url", "protocol": "fits"}
    ticket = await bare.request("scibus.v1.req.drms.exp_request", json.dumps(order).encode(), timeout=30)
    asked = {"requestid": json.loads(ticket.data)["requestid"]}

    reply = await bare.request("scibus.v1.req.drms.exp_status", json.dumps(asked).encode(), timeout=30)

    assert json.loads(reply.data)["requestid"] == asked["requestid"]


@pytest.mark.parametrize("verb", ["PING", "INFO", "STATS"])
async def test_discovery_answers_per_name_and_per_instance(bare, verb):
    everyone = json.loads((await bare.request(f"$SRV.{verb}", timeout=30)).data)
    by_name = json.loads((await bare.request(f"$SRV.{verb}.drms", timeout=30)).data)
    by_instance = json.loads((await bare.request(f"$SRV.{verb}.drms.{everyone['id']}", timeout=30)).data)

    assert everyone["id"] == by_name["id"] == by_instance["id"]
    assert by_instance["type"] == f"io.nats.micro.v1.{verb.lower()}_response"


async def test_an_operation_that_does_not_exist_has_no_responders(bare):
    with pytest.raises(nats.errors.NoRespondersError):
        await bare.request("scibus.v1.req.drms.nonsense", b"{}", timeout=30)
