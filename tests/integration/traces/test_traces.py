"""One trace from a caller over job and attempts to the calls of the backend."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from scibus.sandbox.standin import Fault
from tests import standing
from tests.integration.traces.collector import collecting
from tests.processes import TESTS

nats_server, bus, jsoc, folder, spawn_worker = (
    standing.nats_server,
    standing.bus,
    standing.jsoc,
    standing.folder,
    standing.spawn_worker,
)
CALLER = Path(__file__).with_name("caller.py")
DS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
REQUEST, JOB = "scibus.v1.req.drms.rs_summary", "scibus.v1.job.drms.rs_summary"


@pytest.fixture(scope="module")
async def traced(nats_server, bus, jsoc, spawn_worker):
    """What the collector was told of one run of the caller, whose job fails once; and the worker, which has left."""
    with collecting() as collector:
        settings = {"SCIBUS_DRMS_BASE_URL": jsoc.cgi_url, "SCIBUS_DRMS_ATTEMPTS": "1"}
        worker = await spawn_worker("drms", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **settings)
        jsoc.faults.inject(Fault(operation="rs_summary", close="before"))
        caller = await asyncio.create_subprocess_exec(
            sys.executable,
            str(CALLER),
            DS,
            env={
                **os.environ,
                "PYTHONPATH": str(TESTS.parent),
                "SCIBUS_NATS_URL": nats_server.url,
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            },
        )
        async with asyncio.timeout(60):
            assert await caller.wait() == 0
        worker.terminate()
        assert await worker.wait() == 0
        yield collector, worker


@pytest.fixture
def collector(traced):
    return traced[0]


def test_all_of_it_is_one_trace(collector):
    assert {span.service for span in collector.spans} == {"caller", "scibus-drms"}
    assert len({span.trace for span in collector.spans}) == 1


def test_a_request_is_followed_to_the_backend(collector):
    [work] = collector.named("work")
    asked, _ = [span for span in collector.children(work) if span.name == f"request {REQUEST}"]
    [handled] = collector.children(asked)
    [called] = collector.children(handled)

    assert (handled.name, called.name) == (f"process {REQUEST}", "GET rs_summary")
    assert called.attributes["server.address"] == "127.0.0.1"
    assert handled.attributes["messaging.destination.name"] == REQUEST


def test_a_problem_is_told_on_both_sides(collector):
    asked = [span for span in collector.named(f"request {REQUEST}") if span.failed]
    [handled] = collector.children(asked[0])

    assert len(asked) == 1
    assert asked[0].attributes["error.type"] == handled.attributes["error.type"] == "not-found"


def test_a_job_is_followed_over_its_attempts_to_the_backend(collector):
    [submitted] = collector.named(f"publish {JOB}")
    failed, succeeded = sorted(collector.children(submitted), key=lambda span: span.attributes["scibus.job.attempt"])

    assert (failed.failed, failed.attributes["error.type"]) == (True, "retrying")
    assert (succeeded.failed, succeeded.attributes["scibus.job.attempt"]) == (False, 2)
    assert [span.attributes["error.type"] for span in collector.children(failed)] == ["backend-unavailable"]
    assert [span.name for span in collector.children(succeeded)] == ["GET rs_summary"]


def test_the_backend_is_told_the_span_that_called_it(collector, jsoc):
    told = {entry.headers["traceparent"].split("-")[2] for entry in jsoc.log.of("rs_summary")}

    assert told == {span.id for span in collector.named("GET rs_summary")}


def test_the_logs_of_a_job_tell_job_operation_and_trace(traced):
    collector, worker = traced
    [line] = [line for line in worker.log_lines() if line["event"] == "an attempt failed"]

    assert (line["job_id"], line["operation"], line["trace_id"]) == ("traced", "rs_summary", collector.spans[0].trace)


def test_no_span_holds_what_was_asked(collector):
    assert b"hmi.v_45s" not in collector.text
