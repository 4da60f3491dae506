"""The worker for JSOC: its servers, and what it never tells."""

import asyncio
import json
from base64 import b64encode

import pytest

from scibus.contracts.problems import InvalidRequest, Overloaded, Problem, Unsupported
from scibus.drms.settings import DrmsSettings
from scibus.runtime.settings import SettingsError, load_settings
from scibus.sandbox.jsoc import JsocStandIn
from scibus.sandbox.standin import Fault
from tests.waiting import free_port, read_page

DS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
ADDRESS = "user@example.com"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def configured(stand_in, **fields):
    return json.dumps(
        [
            {"name": "second", "cgi_baseurl": stand_in.cgi_url, "cgi_jsoc_info": "jsoc_info", "encoding": "latin1"}
            | fields
        ]
    )


async def test_a_further_server_is_chosen_by_name(bus, spawn_worker, jsoc):
    async with JsocStandIn() as second:
        await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_SERVERS=configured(second))

        await bus.drms.rs_summary(ds=DS, server="second")

        assert (jsoc.log.count("rs_summary"), second.log.count("rs_summary")) == (0, 1)


async def test_a_server_is_asked_only_for_what_it_can(bus, spawn_worker, jsoc):
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_SERVERS=configured(jsoc))

    with pytest.raises(Unsupported, match="'second' has no check_address"):
        await bus.drms.check_address(email=ADDRESS, server="second")


async def test_an_unknown_server_is_refused_with_those_that_are_known(bus, drms):
    with pytest.raises(InvalidRequest, match="server: must be one of jsoc, kis"):
        await bus.drms.rs_summary(ds=DS, server="nope")


async def test_the_login_goes_to_its_server_and_into_no_log(bus, spawn_worker, jsoc):
    servers = configured(jsoc, username="reader", password="s3cr3t")
    worker = await spawn_worker(
        "drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_SERVERS=servers, SCIBUS_LOG_LEVEL="debug"
    )
    await bus.drms.rs_summary(ds=DS, server="second")

    sent = await jsoc.log.received("rs_summary")
    assert sent.headers["authorization"] == "Basic " + b64encode(b"reader:s3cr3t").decode()
    assert "s3cr3t" not in worker.log_text()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCIBUS_DRMS_SERVERS", '[{"cgi_baseurl":"http://x/","password":"s3cr3t"}]'),
        ("SCIBUS_DRMS_SERVERS", '[{"name":"x","cgi_baseurl":"http://x/","passwort":"s3cr3t"}]'),
        ("SCIBUS_DRMS_SERVERS", '[{"name":"x","password":"s3cr3t"'),
        ("SCIBUS_DRMS_SERVERS", '[{"name":"jsoc"}]'),
        ("SCIBUS_DRMS_MAX_CONNECTIONS", "0"),
        ("SCIBUS_DRMS_BASEURL", "http://x/"),
        ("SCIBUS_DRMS_BASE_URL", "ftp://x/"),
    ],
)
def test_wrong_settings_are_told_in_one_line_without_secrets(monkeypatch, tmp_path, name, value):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as raised:
        load_settings(DrmsSettings)

    assert "SCIBUS_DRMS" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


async def test_a_wrong_setting_stops_the_worker_with_one_line(spawn_worker):
    worker = await spawn_worker("drms", ready=False, SCIBUS_DRMS_SERVERS='[{"name":"x","password":"s3cr3t"')

    assert await worker.wait() == 1
    assert worker.log_text().count("\n") == 1
    assert "s3cr3t" not in worker.log_text()


async def test_the_trace_context_reaches_jsoc(bus, drms, jsoc):
    body = json.dumps({"ds": DS}).encode()
    await bus.connection.request("scibus.v1.req.drms.rs_summary", body, timeout=30, headers={"traceparent": TRACE})

    assert jsoc.log.count("rs_summary") == 1
    assert (await jsoc.log.received("rs_summary")).headers["traceparent"] == TRACE


async def test_an_address_is_in_no_log_problem_or_metric(bus, spawn_worker, jsoc):
    port = free_port()
    worker = await spawn_worker(
        "drms",
        SCIBUS_DRMS_BASE_URL=jsoc.cgi_url,
        SCIBUS_LOG_LEVEL="debug",
        SCIBUS_HTTP_PORT=str(port),
        SCIBUS_DRMS_ATTEMPTS="1",
    )
    order = {"ds": DS, "notify": ADDRESS, "method": "url", "protocol": "fits"}
    await bus.drms.check_address(email=ADDRESS)
    await bus.drms.exp_request(**order)
    told = [await _problem(bus.drms.exp_request(**order | {"ds": "hmi.m_45s[2013.07.03_TAI]"}))]
    for fault in (
        Fault(operation="exp_request", status=503, times=1),
        Fault(operation="exp_request", close="after", times=1),
        Fault(operation="exp_request", body=f"no JSON of {ADDRESS}", times=1),
        Fault(operation="checkAddress", close="before", times=1),
    ):
        jsoc.faults.inject(fault)
        told.append(await _problem(bus.drms.exp_request(**order)))
    told.append(await _problem(bus.drms.check_address(email=ADDRESS)))
    jsoc.faults.clear()
    metrics = await read_page(port, "/metrics")

    everything = "\n".join([*told, worker.log_text(), metrics]).lower()
    assert len([problem for problem in told if problem]) >= 5
    assert "example.com" not in everything
    assert "httpx" not in {line["logger"] for line in worker.log_lines()}
    assert "user@" not in everything
    assert "user%40" not in everything


async def _problem(asked):
    try:
        await asked
    except Problem as problem:
        return problem.details.model_dump_json()
    return ""


async def test_a_pending_export_is_told_as_overloaded_and_not_waited_for(bus, drms):
    order = {"notify": ADDRESS, "method": "url", "protocol": "fits"}
    await bus.drms.exp_request(ds=DS, **order)

    with pytest.raises(Overloaded, match="JSOC_"):
        async with asyncio.timeout(30):
            await bus.drms.exp_request(ds="hmi.m_45s[2013.07.03_TAI]", **order)


async def test_a_base_url_needs_no_slash_at_its_end(bus, spawn_worker, jsoc):
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url.rstrip("/"))

    assert (await bus.drms.rs_summary(ds=DS)).count == 4


async def test_several_callers_wait_their_turn_for_the_one_connection(bus, drms, jsoc):
    answers = await asyncio.gather(*(bus.drms.rs_summary(ds=DS) for _ in range(40)))

    assert [answer.count for answer in answers] == [4] * 40


async def test_backend_calls_are_counted(bus, spawn_worker, jsoc):
    port = free_port()
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_HTTP_PORT=str(port))
    await bus.drms.rs_summary(ds=DS)

    page = await read_page(port, "/metrics")

    labels = 'error_type="",http_request_method="GET",server_address="127.0.0.1",url_template="rs_summary"'
    assert f"http_client_request_duration_seconds_count{{{labels}}} 1.0" in page
