"""Misbehaviour on demand, the request log, and how both are told from outside."""

import asyncio
import time

import httpx
import pytest

from scibus.sandbox.standin import MAINTENANCE_PAGE, Fault, StandInControl

DOPPLERGRAM = "/SUM1/D100069561/S00024/Dopplergram.fits"
ONE_DOPPLERGRAM = "hmi.v_45s[2013.07.03_08:42_TAI]"


@pytest.fixture
def control(jsoc):
    return StandInControl(jsoc.url)


async def summary(jsoc, http):
    return await http.get(jsoc.cgi_url + "jsoc_info", params={"op": "rs_summary", "ds": ONE_DOPPLERGRAM})


async def test_maintenance_is_a_503_with_a_page_for_so_many_requests(jsoc, http):
    jsoc.faults.inject(Fault(status=503, times=2))
    answers = [await summary(jsoc, http) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].text == MAINTENANCE_PAGE
    assert answers[0].headers["content-type"] == "text/html"


async def test_a_page_may_come_with_status_200(jsoc, http):
    jsoc.faults.inject(Fault(body=MAINTENANCE_PAGE))
    answer = await summary(jsoc, http)

    assert (answer.status_code, answer.text) == (200, MAINTENANCE_PAGE)


@pytest.mark.parametrize("body", ["", '{"status":0,', '{"status":4,"error":"Cant save new export-request hash."}'])
async def test_a_body_is_sent_as_it_was_told(jsoc, http, body):
    jsoc.faults.inject(Fault(body=body))

    assert (await summary(jsoc, http)).text == body


async def test_a_fault_meets_its_operation_only(jsoc, http, ask):
    jsoc.faults.inject(Fault(operation="rs_list", status=503, times=None))

    assert await ask.count(ONE_DOPPLERGRAM) == 1
    assert "503" in await ask.text("jsoc_info", op="rs_list", ds=ONE_DOPPLERGRAM, key="T_REC")


async def test_a_fault_meets_its_path_only(jsoc, ask):
    jsoc.faults.inject(Fault(path="/SUM*/Dopplergram.fits", status=500))

    assert await ask.count(ONE_DOPPLERGRAM) == 1
    assert (await ask.file(DOPPLERGRAM)).status_code == 500
    assert (await ask.file(DOPPLERGRAM)).status_code == 200


async def test_a_cut_connection_promises_more_than_it_brings(jsoc, http):
    jsoc.faults.inject(Fault(operation="download", cut_after=1000))
    received = bytearray()

    async def download():
        async with http.stream("GET", jsoc.download_url + DOPPLERGRAM.lstrip("/")) as answer:
            assert answer.headers["content-length"] == "23040"
            async for chunk in answer.aiter_raw():
                received.extend(chunk)

    with pytest.raises(httpx.RemoteProtocolError):
        await download()
    assert len(received) == 1000


async def test_a_connection_may_close_without_an_answer(jsoc, http):
    jsoc.faults.inject(Fault(close="before"))

    with pytest.raises(httpx.RemoteProtocolError):
        await summary(jsoc, http)
    assert (await summary(jsoc, http)).status_code == 200


async def test_an_order_may_be_taken_and_its_answer_lost(jsoc, ask):
    jsoc.faults.inject(Fault(operation="exp_request", close="after"))
    with pytest.raises(httpx.RemoteProtocolError):
        await ask.order(ONE_DOPPLERGRAM)

    assert (await ask.order(ONE_DOPPLERGRAM))["status"] == 7


async def test_an_order_closed_before_is_not_taken(jsoc, ask):
    jsoc.faults.inject(Fault(operation="exp_request", close="before"))
    with pytest.raises(httpx.RemoteProtocolError):
        await ask.order(ONE_DOPPLERGRAM)

    assert (await ask.order(ONE_DOPPLERGRAM))["status"] == 2


async def test_a_delay_holds_up_one_request_and_no_other(jsoc, http, ask):
    jsoc.faults.inject(Fault(operation="rs_summary", delay=30))
    delayed = asyncio.create_task(summary(jsoc, http))
    await jsoc.received("rs_summary")

    assert (await ask.status("x"))["status"] == 4
    assert not delayed.done()
    delayed.cancel()


async def test_a_slow_body_takes_its_time(jsoc, ask):
    jsoc.faults.inject(Fault(operation="download", bytes_per_second=46_080))
    start = time.perf_counter()
    answer = await ask.file(DOPPLERGRAM)

    assert len(answer.content) == 23_040
    assert time.perf_counter() - start >= 0.5


async def test_the_log_tells_what_was_asked(jsoc, ask):
    await ask.count(ONE_DOPPLERGRAM)
    await ask.file(DOPPLERGRAM)
    entry = await jsoc.log.received("rs_summary")

    assert (entry.method, entry.cgi, entry.parameters["ds"]) == ("GET", "jsoc_info", ONE_DOPPLERGRAM)
    assert jsoc.count("download") == 1


async def test_waiting_for_a_request_that_does_not_come_ends(jsoc):
    with pytest.raises(TimeoutError):
        await jsoc.log.received("exp_request", timeout=0.05)


async def test_another_process_can_inject_and_clear_faults(jsoc, http, control):
    await control.inject(Fault(operation="rs_summary", status=503, times=None))
    broken = await summary(jsoc, http)
    await control.clear_faults()

    assert broken.status_code == 503
    assert (await summary(jsoc, http)).status_code == 200


async def test_another_process_can_read_and_forget_the_requests(ask, control):
    await ask.count(ONE_DOPPLERGRAM)
    entry = await control.received("rs_summary")
    await control.forget_requests()

    assert {"op": "rs_summary", "cgi": "jsoc_info", "method": "GET"}.items() <= entry.items()
    assert entry["parameters"]["ds"] == ONE_DOPPLERGRAM
    assert await control.count("rs_summary") == 0


async def test_another_process_can_change_settings(ask, control):
    settings = await control.configure(pending_polls=0, registered="new@example.com")
    order = await ask.order(ONE_DOPPLERGRAM, notify="new@example.com")

    assert settings["pending_polls"] == 0
    assert (await ask.status(order["requestid"]))["status"] == "0"


@pytest.mark.parametrize(
    ("name", "document"), [("faults", {"colour": "red"}), ("settings", {"colour": "red"}), ("settings", "nonsense")]
)
async def test_what_cannot_be_set_is_refused(jsoc, http, name, document):
    answer = await http.post(f"{jsoc.url}_standin/{name}", json=document)

    assert answer.status_code == 400


async def test_64_clients_are_served_at_once_over_lasting_connections(jsoc):
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(limits=limits, timeout=30) as http:
        first = await asyncio.gather(*(summary(jsoc, http) for _ in range(64)))
        second = await asyncio.gather(*(summary(jsoc, http) for _ in range(64)))

    assert [answer.json()["count"] for answer in first + second] == [1] * 128
