"""Requests as any NATS client sees them, on a real server, answered by a worker process."""

import asyncio
import json

import pytest

from scibus.bus.headers import decode_blob
from scibus.bus.trace import current_trace
from scibus.contracts.problems import (
    DeadlineExceeded,
    InternalError,
    NotFound,
    TooLarge,
)
from tests import standing
from tests.runtime.probe import Probe

nats_server, bus = standing.nats_server, standing.bus
folder, spawn_worker, probe = standing.folder, standing.spawn_worker, standing.probe

SUBJECT = "scibus.v1.req.probe."
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def ask(bus, probe):
    """Ask as a client without our library would."""

    async def ask(operation, body, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()} or None
        return await bus.connection.request(SUBJECT + operation, body, timeout=30, headers=named)

    return ask


async def test_the_answer_is_the_model_as_json(ask):
    reply = await ask("echo", b'{"text":"hello"}')

    assert json.loads(reply.data) == {"text": "hello"}
    assert reply.headers["Content-Type"] == "application/json"


async def test_a_problem_is_told_in_body_and_headers(ask):
    reply = await ask("fail", b'{"text":"not-found"}')

    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Nats-Service-Error-Code"] == "404"
    assert reply.headers["Nats-Service-Error"].startswith("Not found: ")
    assert json.loads(reply.data) == {
        "type": "urn:scibus:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "user <address> has no such record",
        "instance": "probe.fail",
        "retryable": False,
        "retry_after": None,
        "errors": [],
        "backend": None,
    }


async def test_the_trace_context_comes_back_and_reaches_the_handler(ask):
    reply = await ask("carried", b"{}", traceparent=TRACE, tracestate="a=1")

    assert reply.headers["traceparent"] == TRACE
    assert reply.headers["tracestate"] == "a=1"
    assert json.loads(reply.data)["traceparent"] == TRACE


async def test_the_trace_context_comes_back_with_a_problem_too(ask):
    reply = await ask("echo", b"nonsense", traceparent=TRACE)

    assert reply.headers["traceparent"] == TRACE


async def test_authorization_reaches_the_handler_and_the_log_does_not_tell_it(ask, probe):
    reply = await ask("carried", b"{}", Authorization="Bearer s3cr3t")

    assert json.loads(reply.data)["authorization"] == "Bearer s3cr3t"
    assert "s3cr3t" not in probe.log_text()


async def test_unknown_fields_are_ignored_and_named(ask):
    reply = await ask("echo", '{"text":"hi","später":1,"b c":2}'.encode())

    assert json.loads(reply.data) == {"text": "hi"}
    assert reply.headers["Scibus-Ignored"] == "sp%C3%A4ter,b%20c"


async def test_a_caller_that_waits_less_is_answered_in_time(ask):
    reply = await ask("wait", b'{"seconds":60}', Scibus_Timeout="0.2")

    assert json.loads(reply.data)["type"] == "urn:scibus:problem:deadline"


async def test_a_timeout_that_is_none_is_an_invalid_request(ask):
    reply = await ask("echo", b'{"text":"hi"}', Scibus_Timeout="soon")

    assert json.loads(reply.data)["type"] == "urn:scibus:problem:invalid-request"


async def test_an_answer_in_another_form_is_unsupported(ask):
    reply = await ask("echo", b'{"text":"hi"}', Accept="text/csv")

    assert json.loads(reply.data)["type"] == "urn:scibus:problem:unsupported"


async def test_a_table_comes_as_json_or_as_arrow(ask):
    as_json = await ask("numbers", b'{"count":2}')
    as_arrow = await ask("numbers", b'{"count":2}', Accept="application/vnd.apache.arrow.stream")

    assert json.loads(as_json.data)["columns"][0]["values"] == [0, 1]
    assert as_arrow.headers["Content-Type"] == "application/vnd.apache.arrow.stream"
    assert as_arrow.data[:4] == b"\xff\xff\xff\xff"


async def test_a_large_answer_lies_in_the_object_store(ask, bus):
    reply = await ask("repeat", b'{"count":2000000}')
    ref = decode_blob(reply.headers["Scibus-Blob"])

    content = b"".join([chunk async for chunk in bus.blobs.read(ref)])

    assert reply.data == b""
    assert json.loads(content) == {"text": "x" * 2_000_000}
    assert ref.name.startswith("probe/repeat/")


@pytest.mark.parametrize("distance", [-6000, -4200, -4096, -4000, -100, -50, -30, -11, 0, 100])
async def test_an_answer_near_the_limit_arrives(bus, probe, distance):
    count = bus.connection.max_payload + distance

    answer = await bus.service(Probe).repeat(count=count)

    assert len(answer.text) == count


async def test_requests_side_by_side_do_not_wait_for_each_other(bus, probe):
    service = bus.service(Probe)
    slow = asyncio.create_task(service.wait(seconds=30))

    await service.wait(seconds=0)

    assert not slow.done()
    slow.cancel()


async def test_the_client_raises_what_the_worker_tells(bus, probe, monkeypatch):
    # What the worker says of the deadline may come as late as it will.
    monkeypatch.setattr("scibus.client.bus.SLACK", 30)
    service = bus.service(Probe)

    with pytest.raises(NotFound, match="no such record"):
        await service.fail(text="not-found")
    with pytest.raises(DeadlineExceeded):
        await service.wait.options(timeout=0.1)(seconds=30)
    with pytest.raises(InternalError, match="its log tells more"):
        await service.fail(text="boom")


async def test_what_a_handler_died_of_stays_in_the_log(bus, probe):
    with pytest.raises(InternalError) as raised:
        await bus.service(Probe).fail(text="boom")

    line = await probe.logged("a handler failed")

    assert "hunter2" not in str(raised.value)
    assert "RuntimeError" in line["exception"]
    assert "jane.doe" not in probe.log_text()


async def test_a_request_that_fits_no_message_is_not_sent(bus, probe):
    with pytest.raises(TooLarge, match="a message holds"):
        await bus.service(Probe).echo(text="x" * 1_100_000)


async def test_a_request_without_a_reply_subject_is_left_alone(bus, probe):
    await bus.connection.publish(SUBJECT + "fail", b'{"text":"exit"}')

    assert (await bus.service(Probe).echo(text="still there")).text == "still there"


async def test_the_client_says_what_the_worker_ignored(bus, probe):
    from scibus.client import IgnoredFields
    from scibus.contracts import Contract, Service, request
    from tests.runtime.probe import Text

    class NewText(Contract):
        text: str
        loud: bool = False

    newer = type("Probe", (Service,), {"echo": request(NewText, Text, summary="Say it again")})

    with pytest.warns(IgnoredFields, match="loud"):
        await bus.service(newer).echo(text="hi", loud=True)


async def test_huge_headers_do_not_end_the_worker(ask, bus, probe):
    await ask("echo", b'{"text":"hi"}', traceparent="a" * 1_000_000)

    assert (await bus.service(Probe).echo(text="still there")).text == "still there"


@pytest.mark.parametrize(
    "frame",
    [
        b"HPUB %s in 8 10\r\nNATS/1.0{}\r\n",
        b"HPUB %s in 3 5\r\nx\r\n{}\r\n",
        b"HPUB %s in 17 19\r\nNATS/1.0 \xff\xff\xff\r\n\r\n{}\r\n",
        b"PUB %s \xff\xfe 2\r\n{}\r\n",
    ],
)
async def test_a_message_that_cannot_be_read_leaves_the_worker_listening(bus, probe, nats_server, frame):
    reader, writer = await asyncio.open_connection("127.0.0.1", nats_server.port)
    await reader.readline()
    writer.write(b'CONNECT {"verbose":false,"headers":true}\r\n' + frame % Probe.echo.subject.encode() + b"PING\r\n")
    await reader.readline()
    writer.close()

    assert (await bus.service(Probe).echo.options(timeout=30)(text="hi")).text == "hi"


@pytest.mark.parametrize("accept", ["*/*", "application/*;q=0.5", "text/csv, application/json"])
async def test_a_caller_that_takes_anything_gets_json(bus, probe, accept):
    reply = await bus.connection.request(SUBJECT + "numbers", b'{"count":2}', timeout=30, headers={"Accept": accept})

    assert reply.headers["Content-Type"] == "application/json"


async def test_the_log_tells_the_trace_id(bus, probe):
    await bus.connection.request(SUBJECT + "fail", b'{"text":"boom"}', timeout=30, headers={"traceparent": TRACE})

    await probe.logged("a handler failed", trace_id="0af7651916cd43dd8448eb211c80319c")


async def test_the_client_carries_the_trace_context_on(bus, probe):
    current_trace.set({"traceparent": TRACE})

    assert (await bus.service(Probe).carried()).traceparent == TRACE
