"""Files over connections that break: whole and right, or not at all."""

import asyncio
from base64 import b64encode

import httpx
import pytest

from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, NotFound
from scibus.drms.files import download
from scibus.drms.files.listing import WantedFile
from scibus.drms.jsoc import Jsoc
from scibus.drms.servers import JSOC
from scibus.drms.settings import DrmsSettings
from scibus.runtime.http import resuming
from scibus.sandbox.jsoc import JsocStandIn
from scibus.sandbox.standin import MAINTENANCE_PAGE, Fault

PATH = "/SUM1/D100069561/S00024/Dopplergram.fits"
FILE = WantedFile("hmi.V_45s[2013.07.03_08:42:00_TAI][2]", "Dopplergram.fits", PATH)
SIZE = 23040


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(resuming, "FIRST_PAUSE", 0.01)


@pytest.fixture
async def whole(jsoc):
    """The file as it should come; the question for it is forgotten."""
    async with httpx.AsyncClient() as http:
        content = (await http.get(jsoc.download_url + PATH.lstrip("/"))).content
    jsoc.log.clear()
    return content


async def collect(content, media_type):
    return b"".join([piece async for piece in content])


async def fetch(archive, wanted=FILE):
    return await archive.files.fetch(wanted, collect)


def ranges(jsoc):
    return [request.headers.get("range") for request in jsoc.log.of("download")]


async def test_a_cut_connection_is_gone_on_from_where_it_broke(archive, jsoc, whole):
    jsoc.faults.inject(Fault(operation="download", cut_after=10_000))

    assert await fetch(archive) == whole
    assert ranges(jsoc) == [None, "bytes=10000-"]
    assert jsoc.log.of("download")[1].headers["if-range"].startswith('"')


async def test_a_connection_that_breaks_again_and_again_gets_there(archive, jsoc, whole):
    jsoc.faults.inject(Fault(operation="download", cut_after=3000, times=None))

    assert await fetch(archive) == whole
    assert ranges(jsoc)[:3] == [None, "bytes=3000-", "bytes=6000-"]


async def test_a_file_that_never_comes_whole_is_no_file(archive, jsoc):
    jsoc.faults.inject(Fault(operation="download", cut_after=10_000))
    jsoc.faults.inject(Fault(operation="download", cut_after=0, times=None))

    with pytest.raises(BackendUnavailable, match="10000 of 23040 bytes came") as raised:
        await fetch(archive)

    assert raised.value.details.retryable
    assert len(ranges(jsoc)) == 4


async def test_a_file_that_changed_is_fetched_from_its_beginning(archive, jsoc, whole):
    jsoc.faults.inject(Fault(operation="download", cut_after=10_000))
    jsoc.faults.inject(Fault(operation="download", body="another file", content_type="application/fits"))

    assert await fetch(archive) == whole
    assert ranges(jsoc) == [None, "bytes=10000-", None]


@pytest.mark.parametrize(("status", "body"), [(416, ""), (206, "x" * 13_040)], ids=["none", "another part"])
async def test_a_range_that_is_not_the_rest_begins_the_file_anew(archive, jsoc, whole, status, body):
    jsoc.faults.inject(Fault(operation="download", cut_after=10_000))
    jsoc.faults.inject(Fault(operation="download", status=status, body=body))

    assert await fetch(archive) == whole
    assert ranges(jsoc) == [None, "bytes=10000-", None]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(operation="download", body="no image", content_type="application/fits", times=None),
        Fault(operation="download", body="SIMPLE  =  and no more", times=None),
        Fault(operation="download", body="", times=None),
    ],
    ids=["another beginning", "another length", "nothing"],
)
async def test_what_is_no_fits_file_is_refused(archive, jsoc, fault):
    jsoc.faults.inject(fault)

    with pytest.raises(BadBackendAnswer, match=r"Dopplergram.fits is no (whole )?FITS file"):
        await fetch(archive)


@pytest.mark.parametrize(
    ("page", "kind"),
    [(MAINTENANCE_PAGE, "text/plain"), ("<?xml version='1.0'?><!DOCTYPE html>", "text/html")],
    ids=["seen", "announced"],
)
async def test_a_page_in_place_of_a_file_is_maintenance(archive, jsoc, page, kind):
    jsoc.faults.inject(Fault(operation="download", body=page, content_type=kind, times=None))

    with pytest.raises(BackendUnavailable, match=r"an HTML page in place of report\.txt") as raised:
        await fetch(archive, FILE._replace(filename="report.txt"))

    assert raised.value.details.retryable


async def test_a_file_of_unknown_length_is_not_taken_for_whole(open_jsoc):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        archive = open_jsoc(download_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

        with pytest.raises(BadBackendAnswer, match=r"does not tell how long report\.txt is"):
            await fetch(archive, FILE._replace(filename="report.txt"))


async def test_a_file_that_appears_a_moment_later_is_fetched(archive, jsoc, whole):
    jsoc.faults.inject(Fault(operation="download", status=404))

    assert await fetch(archive) == whole


async def test_a_file_that_is_not_there_is_not_found(archive, jsoc):
    with pytest.raises(NotFound, match=r"jsoc has no file nothing.fits \(HTTP 404\)"):
        await fetch(archive, WantedFile(None, "nothing.fits", "/SUM1/D100069561/S00024/nothing.fits"))

    assert jsoc.count("download") == 2


@pytest.mark.parametrize(("status", "retryable"), [(503, True), (403, False)])
async def test_another_http_error_tells_whether_it_may_pass(archive, jsoc, status, retryable):
    jsoc.faults.inject(Fault(operation="download", status=status, times=None))

    with pytest.raises(BackendUnavailable, match=f"HTTP {status}") as raised:
        await fetch(archive)

    assert raised.value.details.retryable is retryable


async def test_a_question_does_not_wait_for_a_long_file(open_jsoc, jsoc, whole, monkeypatch):
    monkeypatch.setattr(download, "POLITE_SECONDS", 0.1)
    archive = open_jsoc(max_connections=1)
    jsoc.faults.inject(Fault(operation="download", bytes_per_second=SIZE / 4))
    fetching = asyncio.create_task(fetch(archive))
    await jsoc.received("download")

    assert await archive.rs_summary("hmi.v_45s[2013.07.03_08:42_TAI/3m]") == 4
    assert not fetching.done()
    assert await fetching == whole
    assert len(ranges(jsoc)) == 2


async def test_no_more_files_come_at_once_than_there_may_be_connections(open_jsoc, jsoc, whole):
    archive = open_jsoc(max_connections=2)
    jsoc.faults.inject(Fault(operation="download", delay=0.1, times=None))
    fetching = asyncio.gather(*(fetch(archive) for _ in range(6)))
    await jsoc.received("download", 2)

    assert jsoc.open_connections <= 2
    assert await fetching == [whole] * 6
    assert jsoc.open_connections <= 2


def opened(jsoc, base, **login):
    update = {"cgi_baseurl": jsoc.cgi_url, "http_download_baseurl": base, **login}
    return Jsoc(JSOC.model_copy(update=update), DrmsSettings())


async def test_the_login_goes_to_the_servers_own_host_only(jsoc, whole):
    login = {"username": "reader", "password": None}
    async with JsocStandIn() as elsewhere:
        own, other = opened(jsoc, jsoc.download_url, **login), opened(jsoc, elsewhere.download_url, **login)
        await fetch(own)
        await fetch(other)
        await own.close()
        await other.close()

        assert jsoc.log.of("download")[0].headers["authorization"] == "Basic " + b64encode(b"reader:").decode()
        assert "authorization" not in elsewhere.log.of("download")[0].headers


async def test_a_login_in_the_url_is_used_and_not_told(jsoc, whole):
    archive = opened(jsoc, jsoc.download_url.replace("//", "//reader:s3cr3t@"))

    assert await fetch(archive) == whole
    assert jsoc.log.of("download")[0].headers["authorization"].startswith("Basic ")
    assert archive.files.url(PATH) == jsoc.download_url + PATH.lstrip("/")
    await archive.close()
