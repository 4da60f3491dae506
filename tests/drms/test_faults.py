"""JSOC's bad days."""

import asyncio
from contextlib import nullcontext

import pytest
import stamina

from scibus.contracts.drms import ExportRequest, RecordSetQuery
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, TooLarge
from scibus.drms.jsoc import Jsoc
from scibus.drms.settings import DrmsSettings
from scibus.sandbox.standin import MAINTENANCE_PAGE, Fault
from tests.holding import Held
from tests.waiting import until

DS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
ORDER = ExportRequest(ds=DS, notify="user@example.com", method="url", protocol="fits")


async def test_a_question_survives_two_outages(archive, jsoc):
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=2))

    assert await archive.rs_summary(DS) == 4
    assert jsoc.log.count("rs_summary") == 3


@pytest.mark.parametrize(
    "fault",
    [
        Fault(operation="rs_summary", close="before", times=2),
        Fault(operation="rs_summary", cut_after=10, times=2),
        Fault(operation="rs_summary", body=MAINTENANCE_PAGE, content_type="text/html", times=2),
    ],
    ids=["closed", "cut", "page"],
)
async def test_a_question_survives_what_looks_like_an_outage(archive, jsoc, fault):
    jsoc.faults.inject(fault)

    assert await archive.rs_summary(DS) == 4


async def test_a_lasting_outage_is_told_with_its_http_status(archive, jsoc):
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=None))

    with pytest.raises(BackendUnavailable, match="HTTP 503") as raised:
        await archive.rs_summary(DS)

    assert raised.value.details.retryable
    assert raised.value.details.backend.status == 503


async def test_maintenance_is_called_maintenance(archive, jsoc):
    jsoc.faults.inject(Fault(operation="rs_summary", body=MAINTENANCE_PAGE, content_type="text/html", times=None))

    with pytest.raises(BackendUnavailable) as raised:
        await archive.rs_summary(DS)

    assert raised.value.details.title == "JSOC is in maintenance"


async def test_a_server_that_does_not_answer_is_not_waited_for_without_end(open_jsoc, jsoc):
    jsoc.faults.inject(Fault(operation="rs_summary", delay=30, times=None))

    with pytest.raises(BackendUnavailable, match="in time"):
        await open_jsoc(read_timeout=0.2).rs_summary(DS)


async def test_a_server_that_is_not_there_is_out_of_reach(open_jsoc):
    with pytest.raises(BackendUnavailable, match="out of reach"):
        await open_jsoc(base_url="http://127.0.0.1:1/").rs_summary(DS)


@pytest.mark.parametrize("body", ["", "nonsense", "[]", '{"status":0}'])
async def test_nonsense_is_told_and_not_asked_for_again(archive, jsoc, body):
    jsoc.faults.inject(Fault(operation="rs_summary", body=body, times=None))

    with pytest.raises(BadBackendAnswer):
        await archive.rs_summary(DS)

    assert jsoc.log.count("rs_summary") == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(operation="exp_request", status=503, times=1),
        Fault(operation="exp_request", close="after", times=1),
        Fault(operation="exp_request", cut_after=10, times=1),
    ],
    ids=["refused", "answer lost", "answer cut"],
)
async def test_an_order_that_may_have_arrived_is_not_sent_again(archive, jsoc, fault):
    jsoc.faults.inject(fault)

    with pytest.raises(BackendUnavailable):
        await archive.exp_request(ORDER)

    assert jsoc.log.count("exp_request") == 1


async def test_an_order_that_jsoc_could_not_save_is_retryable_for_the_caller(archive, jsoc):
    jsoc.faults.inject(
        Fault(operation="exp_request", body='{"status":4,"error":"Cant save new export-request hash."}', times=1)
    )

    with pytest.raises(BackendUnavailable) as raised:
        await archive.exp_request(ORDER)

    assert raised.value.details.retryable


async def test_after_a_row_of_failures_the_server_is_left_alone(open_jsoc, jsoc):
    archive = open_jsoc(attempts=1, outage_after=2, outage_pause=60)
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=None))
    failures = await asyncio.gather(*(archive.rs_summary(DS) for _ in range(5)), return_exceptions=True)
    asked = jsoc.log.count("rs_summary")

    with pytest.raises(BackendUnavailable, match="left alone") as raised:
        await archive.rs_summary(DS)

    assert len(failures) == 5
    assert jsoc.log.count("rs_summary") == asked
    assert 55 < raised.value.details.retry_after <= 60


async def test_one_question_finds_out_whether_the_server_is_back(open_jsoc, jsoc):
    archive = open_jsoc(attempts=1, outage_after=1, outage_pause=0.1)
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=1))
    with pytest.raises(BackendUnavailable):
        await archive.rs_summary(DS)
    await asyncio.sleep(0.15)

    assert await archive.rs_summary(DS) == 4
    assert await archive.rs_summary(DS) == 4


async def test_a_bad_question_does_not_count_as_an_outage(open_jsoc):
    archive = open_jsoc(outage_after=1)
    results = await asyncio.gather(*(archive.rs_summary("nope.x") for _ in range(5)), return_exceptions=True)

    assert {type(result).__name__ for result in results} == {"NotFound"}
    assert await archive.rs_summary(DS) == 4


async def test_a_question_that_was_given_up_makes_room_for_the_next(open_jsoc, jsoc):
    archive = open_jsoc(max_connections=1)
    jsoc.faults.inject(Held(operation="rs_list"))
    given_up = asyncio.create_task(archive.rs_list(RecordSetQuery(ds=DS, key="T_REC")))
    await jsoc.received("rs_list")
    given_up.cancel()

    async with asyncio.timeout(30):
        assert await archive.rs_summary(DS) == 4


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_a_call_that_is_given_up_at_any_moment_leaves_the_connection_usable(archive, turns):
    await archive.rs_summary(DS)
    given_up = asyncio.create_task(archive.rs_summary("hmi.m_45s[$]"))
    for _ in range(turns):
        await asyncio.sleep(0)
    given_up.cancel()

    async with asyncio.timeout(30):
        assert await archive.rs_summary(DS) == 4


async def test_an_order_goes_out_on_a_connection_of_its_own_and_no_other_stays_open(archive, jsoc):
    held = Held(operation="exp_request")
    jsoc.faults.inject(held)
    await archive.rs_summary(DS)
    ordering = asyncio.create_task(archive.exp_request(ORDER))
    await jsoc.received("exp_request")

    async def no_other_is_open() -> bool:
        return jsoc.open_connections == 1

    await until(no_other_is_open)
    held.let_go()
    assert (await ordering).requestid


@pytest.mark.parametrize(
    "body", ["{}", '{"error":"database down"}', '{"status":"NA","error":"bad"}', '{"error":"out of order","count":4}']
)
async def test_an_answer_without_a_status_is_no_success(archive, jsoc, body):
    jsoc.faults.inject(Fault(operation="exp_request", body=body, times=1))
    jsoc.faults.inject(Fault(operation="rs_summary", body=body, times=1))

    with pytest.raises(BadBackendAnswer, match="tells no status"):
        await archive.exp_request(ORDER)
    with pytest.raises(BadBackendAnswer, match="tells no status"):
        await archive.rs_summary(DS)


async def test_a_description_without_keywords_is_not_kept(archive, jsoc):
    jsoc.faults.inject(Fault(operation="series_struct", body='{"status":0}', times=1))
    with pytest.raises(BadBackendAnswer, match="keywords"):
        await archive.series_struct("hmi.v_45s")

    assert len((await archive.series_struct("hmi.v_45s")).keywords) > 10


async def test_a_refusal_of_one_question_does_not_stop_the_others(open_jsoc, jsoc):
    archive = open_jsoc(outage_after=1)
    jsoc.faults.inject(Fault(operation="rs_list", status=403, times=None))
    with pytest.raises(BackendUnavailable, match="HTTP 403"):
        await archive.rs_list(RecordSetQuery(ds=DS, key="T_REC"))

    assert await archive.rs_summary(DS) == 4


async def test_one_caller_that_gives_up_does_not_keep_the_series_from_the_next(archive, jsoc):
    held = Held(operation="series_struct")
    jsoc.faults.inject(held)
    first = asyncio.create_task(archive.series_struct("hmi.v_45s"))
    second = asyncio.create_task(archive.series_struct("hmi.v_45s"))
    await jsoc.received("series_struct")
    first.cancel()
    held.let_go()

    assert (await second).primekeys == ["T_REC", "CAMERA"]


async def test_an_order_that_was_never_sent_is_tried_again():
    settings, tried = DrmsSettings(base_url="http://127.0.0.1:1/"), []
    archive = Jsoc(settings.known_servers()[0], settings, lambda *told: nullcontext(tried.append(told)))

    with pytest.raises(BackendUnavailable, match="out of reach"):
        await archive.exp_request(ORDER)

    assert len(tried) == 3
    await archive.close()


async def test_after_an_answer_failures_are_counted_anew(open_jsoc, jsoc):
    archive = open_jsoc(attempts=1, outage_after=2, outage_pause=60)
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=1))
    with pytest.raises(BackendUnavailable):
        await archive.rs_summary(DS)
    await archive.rs_summary(DS)
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=1))
    with pytest.raises(BackendUnavailable):
        await archive.rs_summary(DS)

    assert await archive.rs_summary(DS) == 4


async def test_while_one_question_finds_out_the_others_are_refused(open_jsoc, jsoc):
    archive = open_jsoc(attempts=1, outage_after=1, outage_pause=0.1, max_connections=4)
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=1))
    with pytest.raises(BackendUnavailable):
        await archive.rs_summary(DS)
    await asyncio.sleep(0.15)
    trial = Held(operation="rs_summary", times=None)
    jsoc.faults.inject(trial)
    asked = [asyncio.create_task(archive.rs_summary(DS)) for _ in range(4)]

    async def only_one_is_left() -> bool:
        return [task.done() for task in asked].count(False) == 1

    await until(only_one_is_left)
    trial.let_go()

    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result).__name__ for result in results].count("BackendUnavailable") == 3
    assert jsoc.log.count("rs_summary") == 2


async def test_a_trial_that_was_given_up_leaves_it_to_the_next_one(open_jsoc, jsoc):
    archive = open_jsoc(attempts=1, outage_after=1, outage_pause=0.1)
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=1))
    jsoc.faults.inject(Held(operation="rs_summary"))
    with pytest.raises(BackendUnavailable):
        await archive.rs_summary(DS)
    await asyncio.sleep(0.15)
    given_up = asyncio.create_task(archive.rs_summary(DS))
    await jsoc.received("rs_summary", 2)
    given_up.cancel()
    await asyncio.wait([given_up])

    assert await archive.rs_summary(DS) == 4


async def test_nonsense_does_not_count_as_an_outage(open_jsoc, jsoc):
    archive = open_jsoc(outage_after=1)
    jsoc.faults.inject(Fault(operation="rs_summary", body="nonsense", times=1))
    with pytest.raises(BadBackendAnswer):
        await archive.rs_summary(DS)

    assert await archive.rs_summary(DS) == 4


async def test_waiting_for_a_turn_is_no_outage(open_jsoc, jsoc):
    archive = open_jsoc(attempts=1, max_connections=1, read_timeout=3)
    jsoc.faults.inject(Fault(operation="rs_summary", delay=0.8, times=None))

    # The last one waits for longer than an answer may take.
    assert await asyncio.gather(*(archive.rs_summary(DS) for _ in range(5))) == [4] * 5


async def test_as_many_connections_are_used_as_the_server_wants(open_jsoc, jsoc):
    archive = open_jsoc(max_connections=2)
    held = Held(operation="rs_summary", times=None)
    jsoc.faults.inject(held)

    asking = asyncio.gather(*(archive.rs_summary(DS) for _ in range(4)))
    await jsoc.received("rs_summary", 2)
    await asyncio.sleep(0.2)
    at_once = jsoc.count("rs_summary")
    held.let_go()

    assert await asking == [4] * 4
    assert at_once == 2


@pytest.mark.parametrize(
    ("status", "said"), [(404, "HTTP 404"), (401, "does not accept the worker's login"), (403, "HTTP 403")]
)
async def test_a_refusal_that_time_does_not_mend_is_not_retryable(archive, jsoc, status, said):
    jsoc.faults.inject(Fault(operation="rs_summary", status=status, times=None))

    with pytest.raises(BackendUnavailable, match=said) as raised:
        await archive.rs_summary(DS)

    assert not raised.value.details.retryable
    assert jsoc.log.count("rs_summary") == 1


async def test_an_answer_without_end_is_not_read_to_the_end(archive, monkeypatch):
    monkeypatch.setattr("scibus.drms.transport.LARGEST_ANSWER", 100)

    with pytest.raises(TooLarge, match="ask for fewer records"):
        await archive.series_struct("hmi.v_45s")


async def test_what_the_breaker_refuses_is_not_tried_again(open_jsoc, jsoc):
    retries = []
    archive = open_jsoc(outage_after=1, outage_pause=60)
    jsoc.faults.inject(Fault(operation="rs_summary", status=503, times=None))
    stamina.instrumentation.set_on_retry_hooks([retries.append])

    with pytest.raises(BackendUnavailable, match="left alone"):
        await archive.rs_summary(DS)

    stamina.instrumentation.set_on_retry_hooks(None)
    assert len(retries) == 1


async def test_an_order_waits_for_the_one_connection_too(open_jsoc, jsoc):
    archive = open_jsoc(max_connections=1)
    held = Held(operation="rs_summary")
    jsoc.faults.inject(held)

    asking = asyncio.gather(archive.rs_summary(DS), archive.exp_request(ORDER))
    await jsoc.received("rs_summary")
    await asyncio.sleep(0.2)
    ordered_meanwhile = jsoc.count("exp_request")
    held.let_go()

    await asking
    assert (ordered_meanwhile, jsoc.count("exp_request")) == (0, 1)


@pytest.fixture
async def lines():
    """A server that answers every request and keeps its connections open: one entry per connection."""
    connections = []

    async def answer(reader, writer):
        connections.append(writer)
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"status":2}')

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], connections
    server.close()


async def test_every_order_has_a_connection_of_its_own(open_jsoc, lines):
    port, connections = lines
    archive = open_jsoc(base_url=f"http://127.0.0.1:{port}/")

    await archive.exp_request(ORDER)
    await archive.exp_request(ORDER)

    assert len(connections) == 2
