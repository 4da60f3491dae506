"""What travels is what the AsyncAPI document says."""

import asyncio
import json
import re

import httpx
import jsonschema
import pytest

from scibus.bus.asyncapi import describe
from scibus.contracts.drms import Drms
from scibus.contracts.schemas import SERVICES
from tests import standing
from tests.waiting import free_port

nats_server, bus, jsoc, in_order, folder, spawn_worker = (
    standing.nats_server,
    standing.bus,
    standing.jsoc,
    standing.in_order,
    standing.folder,
    standing.spawn_worker,
)
FOUR_RECORDS = {"ds": "hmi.v_45s[2013.07.03_08:42_TAI/3m]", "key": ["T_REC", "QUALITY"]}
WITHIN = 60
SERVERS_OWN = (
    "Content-Type",
    "Nats-Expected-",
    "Nats-Stream",
    "Nats-Subject",
    "Nats-Sequence",
    "Nats-Time-",
    "Nats-Last-",
)
"""What every message has, what is said to a stream only, and what a stream says when it publishes anew."""


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
async def drms(spawn_worker, jsoc, port):
    return await spawn_worker(
        "drms",
        SCIBUS_DRMS_BASE_URL=jsoc.cgi_url,
        SCIBUS_DRMS_DOWNLOAD_URL=jsoc.download_url,
        SCIBUS_HTTP_PORT=str(port),
    )


@pytest.fixture(scope="module")
def document():
    return describe(SERVICES, "1.0.0")


@pytest.fixture
def fitting(document):
    """The names of the messages of a channel that a message fits: its type, headers and body."""

    def find(channel, message):
        documented = document["channels"][channel]["messages"]
        return [name for name, ref in documented.items() if _fits(document, _followed(document, ref), message)]

    return find


def _followed(document, reference):
    _, _, kind, name = reference["$ref"].split("/")
    return document["components"][kind][name]


def _fits(document, described, message):
    headers = {name: value for name, value in (message.headers or {}).items() if not name.startswith(SERVERS_OWN)}
    content_type = (message.headers or {}).get("Content-Type", described["contentType"])
    known = {**described["headers"], "additionalProperties": False}
    body = json.loads(message.data) if message.data else ""
    payload = {**described["payload"], "components": document["components"]}
    return (
        content_type == described["contentType"]
        and jsonschema.Draft7Validator(known).is_valid(headers)
        and jsonschema.Draft202012Validator(payload).is_valid(body)
    )


def channel_of(document, subject):
    """The name of the channel whose address `subject` is."""
    for name, channel in document["channels"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^.]+", re.escape(channel["address"] or "no address"))
        if re.fullmatch(pattern, subject):
            return name
    return None


async def test_an_answer_fits(bus, drms, fitting):
    reply = await bus.connection.request("scibus.v1.req.drms.rs_list", json.dumps(FOUR_RECORDS).encode(), WITHIN)

    assert fitting("drms.rs_list.reply", reply) == ["answer"]


async def test_a_problem_fits(bus, drms, fitting):
    reply = await bus.connection.request("scibus.v1.req.drms.rs_list", b"{}", WITHIN)

    assert fitting("drms.rs_list.reply", reply) == ["problem"]


async def test_the_answer_to_a_request_for_a_job_fits(bus, drms, fitting):
    reply = await bus.connection.request("scibus.v1.req.drms.export", b"{}", WITHIN)

    assert fitting("drms.export.reply", reply) == ["problem"]


async def test_whatever_a_job_sends_fits(bus, drms, document, fitting):
    seen = []

    async def see(message):
        seen.append(message)

    watching = [
        await bus.connection.subscribe(f"scibus.v1.{kind}.>", cb=see) for kind in ("job", "event", "result", "dead")
    ]
    await (await bus.drms.rs_list.submit_as("good", **FOUR_RECORDS)).result(WITHIN)
    with pytest.raises(Exception, match="series not found"):
        await (await bus.drms.rs_list.submit_as("bad", ds="nowhere[]", key="T_REC")).result(WITHIN)
    await bus.connection.request("scibus.v1.job.drms.rs_list.broken", b"[]", WITHIN)
    with pytest.raises(Exception, match="does not fit"):
        await bus.drms.rs_list.job("broken").result(WITHIN)
    await asyncio.gather(*(subscription.drain() for subscription in watching))

    fits = {message.subject: fitting(channel_of(document, message.subject), message) for message in seen}
    assert {subject.split(".")[2] for subject in fits} == {"job", "event", "result", "dead"}
    assert fits["scibus.v1.result.drms.rs_list.good"] == ["result"]
    assert fits["scibus.v1.result.drms.rs_list.bad"] == ["failure"]
    assert [subject for subject, names in fits.items() if not names] == ["scibus.v1.job.drms.rs_list.broken"]


async def test_the_answer_to_a_cancellation_fits(bus, drms, fitting):
    await (await bus.drms.rs_list.submit_as("over", **FOUR_RECORDS)).result(WITHIN)

    reply = await bus.connection.request("scibus.v1.cancel.drms.rs_list.over", b"", WITHIN)
    unknown = await bus.connection.request("scibus.v1.cancel.drms.rs_list.unknown", b"", WITHIN)

    assert fitting("scibus.job.status", reply) == ["status"]
    assert fitting("scibus.job.status", unknown) == ["problem"]


def test_every_subject_of_every_operation_is_described(document):
    addresses = {channel["address"] for channel in document["channels"].values()}

    assert {op.subject for op in Drms.operations()} <= addresses
    assert {f"{op.job_subject}.{{job_id}}" for op in Drms.operations()} <= addresses


async def test_a_worker_serves_its_part(drms, port):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=WITHIN) as http:
        document = (await http.get("/asyncapi.json")).json()
        page = await http.get("/asyncapi")

    assert document["channels"] == describe([Drms], "")["channels"]
    assert page.headers["content-type"].startswith("text/html")
    assert "scibus.v1.req.drms.rs_list" in page.text


async def test_the_page_takes_nothing_from_elsewhere(drms, port):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=WITHIN) as http:
        page = (await http.get("/asyncapi")).text

    assert re.findall(r"""(?:src=|href="(?!#)|url\(|@import|https?:)[^\s>]*""", page) == []
    assert "<script" not in page
