"""A thousand bad bodies on every request subject: each gets a problem, and the worker is as well as before."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from scibus.contracts.drms import Drms
from tests.waiting import free_port, read_page

BODIES = 1000
MIB = 1024 * 1024
SIDE_BY_SIDE = 50

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=50) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NO_JSON = st.binary(max_size=200).filter(lambda body: _json(body) is _json)
NO_OBJECT = ANYTHING.filter(lambda value: not isinstance(value, dict)).map(lambda value: json.dumps(value).encode())
TOO_DEEP = st.integers(300, 5000).map(lambda depth: b'{"ds":' + b"[" * depth)
TRUNCATED = ANYTHING.map(lambda value: json.dumps({"ds": value}).encode()[:-1])
# A server's name is a text or null, for every operation.
WRONG_FIELD = (
    ANYTHING.filter(lambda value: value is not None and not isinstance(value, str))
    .map(lambda value: {"server": value, "ds": "hmi.v_45s[$]", "key": "T_REC"})
    .map(lambda body: json.dumps(body).encode())
)
BAD = st.one_of(NO_JSON, NO_OBJECT, TOO_DEEP, TRUNCATED, WRONG_FIELD)


def _json(body):
    try:
        return json.loads(body)
    except ValueError:
        return _json


def generate(count):
    bodies = []

    @seed(20261123)
    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(BAD)
    def collect(body):
        bodies.append(body)

    collect()
    return bodies


async def answers(bus, subject, bodies):
    room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def ask(body):
        async with room:
            return await bus.connection.request(subject, body, timeout=60)

    return await asyncio.gather(*(ask(body) for body in bodies))


@pytest.mark.timeout(300)
async def test_every_bad_body_gets_a_problem_and_the_worker_stays_well(bus, spawn_worker, jsoc):
    port = free_port()
    worker = await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_HTTP_PORT=str(port))
    bodies = generate(BODIES)
    assert len(bodies) == BODIES
    await answers(bus, Drms.rs_summary.subject, [b'{"ds":"hmi.v_45s[$]"}', *bodies[:100]])
    before = worker.resident_bytes()

    replies = {op.name: await answers(bus, op.subject, bodies) for op in Drms.requests()}

    refused = {
        name: sum(json.loads(reply.data)["type"] == "urn:scibus:problem:invalid-request" for reply in got)
        for name, got in replies.items()
    }
    assert refused == {op.name: BODIES for op in Drms.requests()}
    assert await read_page(port, "/readyz") == "ok\n"
    assert worker.resident_bytes() - before < 16 * MIB
    assert (await bus.drms.rs_summary(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]")).count == 4
    assert jsoc.log.count("rs_list") == 0
