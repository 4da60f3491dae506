"""A job is done, and everybody can see how."""

import json
from datetime import datetime
from itertools import groupby, pairwise

import pytest

from scibus.bus.headers import decode_blob
from scibus.bus.job_ids import sequenced_id
from scibus.bus.stored import api, parse_time
from scibus.contracts.jobs import JobStatus
from scibus.contracts.problems import NotFound
from tests.waiting import until

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def jobs(standing):
    return standing


async def test_a_job_ends_in_a_result_and_leaves_the_queue(jobs):
    await jobs.work("a1", "note:hello")

    result = await jobs.result("a1")

    assert json.loads(result.data) == {"text": "a1 in attempt 1"}
    assert result.headers["Scibus-State"] == "succeeded"
    assert result.headers["Scibus-Job-Id"] == "a1"
    assert result.headers["Scibus-Attempt"] == "1"
    status = JobStatus.model_validate(await jobs.reaches("a1", "succeeded"))
    assert (status.attempt, status.max_attempts, status.problem) == (1, 3, None)
    await jobs.none_left()


async def test_a_job_without_an_id_is_named_after_its_place_in_the_stream(jobs):
    sequence = await jobs.submit("work", {"steps": []})

    created = parse_time((await api(jobs.connection, "STREAM.INFO.SCIBUS_JOBS_PROBE"))["created"])
    assert await jobs.state(sequenced_id(created, sequence)) == "succeeded"


async def test_every_request_can_be_submitted_as_a_job(jobs):
    await jobs.submit("echo", {"text": "hello"}, "e1")

    assert json.loads((await jobs.result("e1", "echo")).data) == {"text": "hello"}


async def test_what_takes_longer_is_no_request(jobs):
    reply = await jobs.connection.request("scibus.v1.req.probe.work", b"nonsense", timeout=30)

    assert reply.headers["Nats-Service-Error-Code"] == "405"
    problem = json.loads(reply.data)
    assert problem["type"] == "urn:scibus:problem:job-only"
    assert "scibus.v1.job.probe.work" in problem["detail"]


async def test_a_job_of_an_operation_that_does_not_exist_has_no_stream(jobs):
    with pytest.raises(Exception, match="no response from stream"):
        await jobs.submit("dance", {}, "d1")


async def test_events_tell_each_status_and_results_what_they_are_about(jobs):
    events = []

    async def hear(message):
        events.append(message)

    await jobs.connection.subscribe("scibus.v1.event.probe.work.ev", cb=hear)
    await jobs.work("ev", "progress:half", "sleep:0.1", traceparent=TRACE)
    result = await jobs.result("ev")
    await until(lambda: any(json.loads(event.data)["state"] == "succeeded" for event in events))

    # One whose progress comes late tells twice that it is running.
    assert [state for state, _ in groupby(json.loads(event.data)["state"] for event in events)] == [
        "running",
        "succeeded",
    ]
    assert json.loads(events[-1].data)["progress"] == {"done": 1, "total": 10, "unit": "steps", "message": "half"}
    assert events[0].headers["ce-type"] == "scibus.v1.event.probe.work"
    assert events[0].headers["traceparent"] == TRACE
    assert result.headers["ce-type"] == "scibus.v1.result.probe.work"
    assert result.headers["ce-subject"] == "ev"
    assert result.headers["ce-dataschema"] == "urn:scibus:schema:v1:Text"
    assert result.headers["ce-source"].startswith("/scibus/probe/probe-")
    assert result.headers["traceparent"] == TRACE


async def test_progress_is_told_while_the_job_runs_once_a_second_at_most(jobs):
    states = []

    async def hear(message):
        states.append(json.loads(message.data))

    def told():
        return [state["progress"]["done"] for state in states if state["progress"]]

    await jobs.connection.subscribe("scibus.v1.event.probe.work.pr", cb=hear)
    await jobs.work("pr", *["progress:x"] * 50, "gate:pr", *["progress:y"] * 50)
    await until(lambda: 50 in told())
    jobs.gates.open("pr")
    await until(lambda: "succeeded" in [state["state"] for state in states])

    times = [datetime.fromisoformat(state["updated_at"]) for state in states if state["state"] == "running"]
    assert told()[-1] == 101
    assert [gap for gap in ((later - before).total_seconds() for before, later in pairwise(times)) if gap < 0.9] == []


async def test_a_result_too_large_for_a_message_is_a_blob_named_after_the_job(jobs):
    await jobs.submit("repeat", {"count": 2_000_000}, "r1")

    result = await jobs.result("r1", "repeat")

    ref = decode_blob(result.headers["Scibus-Blob"])
    assert result.data == b""
    assert ref.name.startswith("probe/repeat/r1/1/")
    content = b"".join([chunk async for chunk in jobs.bus.blobs.read(ref)])
    assert len(json.loads(content)["text"]) == 2_000_000


async def test_a_table_comes_as_arrow_where_that_is_accepted(jobs):
    await jobs.submit("numbers", {"count": 3}, "n1", Accept="application/vnd.apache.arrow.stream")

    assert (await jobs.result("n1", "numbers")).headers["Content-Type"] == "application/vnd.apache.arrow.stream"


async def test_fields_that_the_operation_does_not_know_are_named(jobs):
    await jobs.submit("echo", {"text": "hello", "colour": "red"}, "ig")

    assert (await jobs.result("ig", "echo")).headers["Scibus-Ignored"] == "colour"


async def test_a_failure_that_will_not_pass_is_not_repeated(jobs):
    await jobs.work("f1", "missing")

    result = await jobs.result("f1")

    assert result.headers["Scibus-State"] == "failed"
    assert result.headers["Nats-Service-Error-Code"] == "404"
    problem = json.loads(result.data)
    assert problem["type"] == f"urn:scibus:problem:{NotFound.slug}"
    assert problem["instance"] == "probe.work.f1"
    assert problem["detail"] == "user <address> has no such record"
    assert (await jobs.reaches("f1", "failed"))["problem"] == problem
    assert jobs.noted("f1") == ["f1 start 1 from 0"]
    assert await jobs.dead("f1") is None


async def test_a_failure_that_may_pass_is_repeated_when_the_server_says_so(jobs):
    states = []

    async def hear(message):
        states.append(json.loads(message.data))

    await jobs.connection.subscribe("scibus.v1.event.probe.work.rt", cb=hear)
    await jobs.work("rt", "unavailable:1")

    assert json.loads((await jobs.result("rt")).data) == {"text": "rt in attempt 2"}
    await until(lambda: "succeeded" in [state["state"] for state in states])
    assert [state["state"] for state in states] == ["running", "retrying", "running", "succeeded"]
    assert states[1]["problem"]["type"] == "urn:scibus:problem:backend-unavailable"
    assert states[1]["next_attempt_at"] > states[1]["updated_at"]
    assert states[2]["next_attempt_at"] is None


async def test_when_attempts_run_out_the_job_is_kept_as_it_was_submitted(jobs):
    await jobs.work(
        "d1",
        "unavailable:9",
        Authorization="Bearer s3cr3t",
        Nats_Msg_Id="probe.work.d1",
        colour="red",
        traceparent=TRACE,
    )

    result = await jobs.result("d1")
    letter = await jobs.dead("d1")

    assert result.headers["Scibus-State"] == "failed"
    assert result.headers["Scibus-Attempt"] == "3"
    assert json.loads(letter.data) == {"name": "d1", "steps": ["unavailable:9"]}
    assert letter.headers["Scibus-Problem"] == "backend-unavailable"
    assert letter.headers["Scibus-Attempt"] == "3"
    assert letter.headers["Scibus-Source-Nats-Msg-Id"] == "probe.work.d1"
    assert letter.headers["colour"] == "red"
    assert "Authorization" not in letter.headers
    assert "Nats-Msg-Id" not in letter.headers


async def test_a_body_that_is_no_request_is_a_dead_letter_and_no_attempt(jobs):
    await jobs.submit("work", b"\xff\x00 nonsense", "b1")
    await jobs.submit("work", {"steps": "none", "name": 5}, "b2")

    results = [await jobs.result("b1"), await jobs.result("b2")]

    assert [json.loads(result.data)["type"] for result in results] == ["urn:scibus:problem:invalid-request"] * 2
    assert [error["field"] for error in json.loads(results[1].data)["errors"]] == ["steps", "name"]
    assert [result.headers["Scibus-Attempt"] for result in results] == ["0", "0"]
    assert (await jobs.dead("b1")).data == b"\xff\x00 nonsense"
    assert jobs.noted("b1") == jobs.noted("b2") == []


async def test_an_id_that_is_none_is_a_failed_job(jobs):
    await jobs.submit("work", {"steps": []}, "x" * 65)

    assert await jobs.state("x" * 65) == "failed"


async def test_an_id_of_the_bus_itself_cannot_be_taken(jobs):
    await jobs.submit("work", {"steps": ["note:stolen"]}, "seq-abc-1")
    await jobs.work("ok")

    await jobs.result("ok")
    assert (await jobs.status("seq-abc-1"))["state"] == "none"
    assert jobs.noted("seq-abc-1") == []


async def test_a_fault_of_the_worker_is_repeated_told_nobody_and_kept(jobs):
    await jobs.work("bug", "bug")

    result = await jobs.result("bug")

    assert result.headers["Scibus-Attempt"] == "3"
    assert json.loads(result.data)["type"] == "urn:scibus:problem:internal"
    assert b"hunter2" not in result.data
    assert (await jobs.dead("bug")).headers["Scibus-Problem"] == "internal"


async def test_an_attempt_that_takes_too_long_is_stopped(jobs):
    await jobs.submit("brief", {"seconds": 30}, "t1")

    result = await jobs.result("t1", "brief")

    assert json.loads(result.data)["type"] == "urn:scibus:problem:deadline"
    assert result.headers["Scibus-Attempt"] == "2"
    assert await jobs.dead("t1", "brief")


async def test_no_attempt_starts_after_the_time_that_the_submitter_named(jobs):
    await jobs.work("late", "note:begun", Scibus_Not_After="2026-01-01T00:00:00Z")

    result = await jobs.result("late")

    assert json.loads(result.data)["type"] == "urn:scibus:problem:deadline"
    assert jobs.noted("late") == []


async def test_a_job_that_is_too_large_to_be_kept_beside_its_headers_ends_and_the_worker_lives(jobs):
    await jobs.connection.jetstream().publish("scibus.v1.job.probe.work.large", bytes(jobs.connection.max_payload - 70))

    assert await jobs.state("large") == "failed"
    await jobs.work("after", "note:hello")
    assert await jobs.state("after") == "succeeded"
