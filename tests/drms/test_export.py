"""Exports end to end: ordered, waited for, fetched, and delivered as blobs."""

import hashlib
import io
import tarfile
from contextlib import AsyncExitStack

import httpx
import pytest

from scibus.client import connect
from scibus.sandbox import NatsServer
from scibus.sandbox.jsoc import JsocStandIn
from scibus.sandbox.standin import Fault
from tests.drms.conftest import ADDRESS, Exports
from tests.processes import start_worker

TWO_MAGNETOGRAMS = "hmi.m_45s[2013.07.03_08:42_TAI/90s]{magnetogram}"
DOPPLERGRAMS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
TWO_IMAGES = "aia.lev1_euv_12s[2013-07-03T00:00:00Z/24s][171]{image}"
IMAGELESS = "hmi.v_45s[:#33066228]"


@pytest.fixture(scope="module")
async def stand_in():
    async with JsocStandIn() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
async def worker_and_bus(stand_in, tmp_path_factory):
    """One worker for all tests of this page."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(NatsServer())
        settings = {
            "SCIBUS_NATS_URL": server.url,
            "SCIBUS_LOG_LEVEL": "debug",
            "SCIBUS_DRMS_BASE_URL": stand_in.cgi_url,
            "SCIBUS_DRMS_DOWNLOAD_URL": stand_in.download_url,
            "SCIBUS_DRMS_POLL_SHORTEST": "0.1",
        }
        worker = await start_worker("drms", tmp_path_factory.mktemp("worker"), settings)
        stack.push_async_callback(worker.stop)
        await worker.logged("ready")
        yield worker, await stack.enter_async_context(connect(server.url, name="test"))


@pytest.fixture
def jsoc(stand_in):
    """The stand-in in order, having forgotten what it was asked."""
    stand_in.configure({"wait": 0, "pending_polls": 1})
    stand_in.faults.clear()
    stand_in.log.clear()
    return stand_in


@pytest.fixture
def exports(jsoc, worker_and_bus):
    return Exports(worker_and_bus[1])


def magnetograms(year):
    """Two that no other test has ordered: JSOC gives the same export for the same order."""
    return f"hmi.m_45s[{year}.07.03_08:42_TAI/90s]{{magnetogram}}"


async def fetched(file):
    async with httpx.AsyncClient() as http:
        return (await http.get(file.url)).content


async def test_an_export_delivers_its_files_with_their_records(exports):
    exported = await exports.done("e1", TWO_MAGNETOGRAMS)

    first, second = exported.files
    content = await exports.content(first)
    assert content == await fetched(first)
    assert (first.size, first.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert first.record == "hmi.M_45s[2013.07.03_08:42:00_TAI][2]"
    assert first.filename == "hmi.m_45s.20130703_084200_TAI.2.magnetogram.fits"
    assert (first.blob.media_type, first.blob.filename) == ("application/fits", first.filename)
    assert first.blob.name.startswith("drms/export/e1/1/")
    assert await exports.content(second) == await fetched(second) != content
    assert (exported.status, exported.method, exported.protocol, exported.missing) == (0, "url", "fits", [])
    assert exported.requestid.startswith("JSOC_")


async def test_a_tar_comes_as_the_one_file_that_it_is(exports):
    exported = await exports.done("t1", TWO_MAGNETOGRAMS, method="url-tar")

    (file,) = exported.files
    with tarfile.open(fileobj=io.BytesIO(await exports.content(file))) as tar:
        assert "hmi.m_45s.20130703_084200_TAI.2.magnetogram.fits" in tar.getnames()
    assert (file.record, file.filename) == (None, f"{exported.requestid}.tar")
    assert file.blob.media_type == "application/x-tar"


async def test_a_tar_of_images_gets_the_name_that_jsoc_forgets(exports):
    exported = await exports.done("t2", TWO_IMAGES, method="url-tar", protocol="jpg")

    assert [file.filename for file in exported.files] == [f"{exported.requestid}.tar"]


async def test_images_come_in_the_colours_that_were_asked_for(exports, jsoc):
    exported = await exports.done("j1", TWO_IMAGES, protocol="jpg", protocol_args={"ct": "aia_171.lut"})

    assert {file.blob.media_type for file in exported.files} == {"image/jpeg"}
    assert exported.protocol == "jpg,CT=aia_171.lut,scaling=MINMAX,size=1"


async def test_a_movie_belongs_to_no_record(exports):
    exported = await exports.done("m1", TWO_IMAGES, protocol="mpg")

    movie, *frames = exported.files
    assert (movie.record, movie.filename, movie.blob.media_type) == (None, "aia.lev1_euv_12s.mpg", "video/mpeg")
    assert [frame.record.partition("[")[0] for frame in frames] == ["aia.lev1_euv_12s"] * 2


async def test_a_quick_export_takes_no_place_in_the_queue_and_names_files_by_record(exports, jsoc):
    exported = await exports.done("q1", TWO_MAGNETOGRAMS, method="url_quick", protocol="as-is")

    assert exported.requestid is None
    assert [file.filename for file in exported.files] == [
        f"hmi.m_45s.20130703_{clock}_TAI.2.magnetogram.fits" for clock in ("084200", "084245")
    ]
    assert await exports.content(exported.files[0]) == await fetched(exported.files[0])
    assert "filenamefmt" not in (await jsoc.received("exp_request")).parameters


async def test_an_as_is_export_is_queued_like_any_other(exports):
    exported = await exports.done("a1", TWO_MAGNETOGRAMS, protocol="as-is")

    assert exported.requestid is not None
    assert exported.files[0].record.endswith("{magnetogram}")


async def test_records_without_a_file_are_reported(exports):
    exported = await exports.done("n1", IMAGELESS + "[? quality < 0 ?]")

    assert exported.files == []
    assert "No FITS files were exported" in exported.missing[0].reason
    assert exported.rows()[0]["missing"] == exported.missing[0].reason


async def test_a_record_without_an_image_among_others_is_reported(exports):
    neighbours = "hmi.v_45s[2010.05.01_06:14_TAI/135s][? quality < 1000 ?]"

    exported = await exports.done("n2", neighbours)

    assert len(exported.files) == 2
    (lost,) = exported.missing
    assert lost.record.startswith("hmi.V_45s[")
    assert "no file" in lost.reason


async def test_processing_and_its_size_reach_jsoc(exports, jsoc):
    patch = {"im_patch": {"t_ref": "2013-07-03T00:00:00", "x": 0, "y": 0, "width": 100, "height": 100}}

    exported = await exports.done("p1", TWO_IMAGES, process=patch, sizeratio=0.01)

    sent = (await jsoc.received("exp_request")).parameters
    assert sent["sizeratio"] == "0.01"
    assert sent["process"].startswith("n=0|im_patch,t_ref=")
    assert exported.files[0].record.startswith("aia.lev1_euv_12s_mod[")


async def test_progress_tells_what_is_waited_for_and_counts_the_files(exports, jsoc):
    jsoc.pending_for(polls=1000)
    await exports.submit("s1", magnetograms(2014))
    await exports.tells("s1", "queued at jsoc as JSOC_")

    jsoc.pending_for(polls=0)
    await exports.files("s1")
    progress = (await exports.reaches("s1", "succeeded"))["progress"]

    assert progress == {"done": 2, "total": 2, "unit": "files", "message": "fetching"}


async def test_cancelling_reaches_jsoc_and_a_waiting_export_never_does(exports, jsoc):
    jsoc.pending_for(polls=1000)
    await exports.submit("c1", magnetograms(2015))
    await jsoc.received("exp_status")
    await exports.submit("c2", DOPPLERGRAMS)
    await exports.reaches("c2", "waiting")

    await exports.cancel("c2")
    await exports.cancel("c1")

    assert (await exports.result("c1")).headers["Scibus-State"] == "cancelled"
    assert (await exports.result("c2")).headers["Scibus-State"] == "cancelled"
    asked = [request.parameters["operation"] for request in jsoc.log.of("manage-request")]
    assert asked == ["check", "cancel"]
    assert jsoc.count("exp_request") == 1


async def test_an_order_that_is_cancelled_on_the_wire_is_cancelled_at_jsoc(exports, jsoc):
    jsoc.pending_for(polls=1000)
    jsoc.faults.inject(Fault(operation="exp_request", delay=0.5))
    await exports.submit("c3", magnetograms(2016))
    await jsoc.received("exp_request")

    await exports.cancel("c3")

    assert (await exports.result("c3")).headers["Scibus-State"] == "cancelled"
    assert jsoc.log.of("manage-request")[-1].parameters["operation"] == "cancel"


async def test_a_file_that_is_no_fits_file_fails_the_export(exports, jsoc):
    jsoc.faults.inject(Fault(operation="download", body="SIMPLE NONSENSE", times=None))
    await exports.submit("z1", magnetograms(2017))

    problem = await exports.problem("z1")

    assert problem.slug == "bad-backend-answer"
    assert "is no FITS file" in problem.detail


async def test_a_file_that_is_gone_is_reported_and_the_others_come(exports, jsoc):
    jsoc.faults.inject(Fault(operation="download", path="*084245*", status=404, times=None))

    exported = await exports.done("g1", magnetograms(2018))

    assert len(exported.files) == 1
    assert [lost.record for lost in exported.missing] == ["hmi.M_45s[2018.07.03_08:42:45_TAI][2]"]
    assert "HTTP 404" in exported.missing[0].reason


async def test_the_address_is_told_nobody(exports, jsoc, worker_and_bus):
    worker, bus = worker_and_bus
    heard = []

    async def hear(message):
        heard.append(f"{message.subject} {message.headers} {message.data!r}")

    for subject in ("scibus.v1.event.>", "scibus.v1.result.>", "$KV.>"):
        await bus.connection.subscribe(subject, cb=hear)
    jsoc.pending_for(polls=1000)
    await exports.submit("b1", TWO_IMAGES)
    await exports.tells("b1", "queued at")
    await exports.submit("b2", TWO_MAGNETOGRAMS, method="url_quick", protocol="as-is")
    await exports.tells("b2", "waiting for JSOC_")
    await exports.submit("b3", TWO_MAGNETOGRAMS, notify="new@example.com", method="url_quick", protocol="as-is")
    await exports.problem("b3")
    await exports.cancel("b1")
    await exports.files("b2")

    told = "\n".join([*heard, worker.log_text()]).lower()
    assert "jsoc_" in told
    assert "example.com" not in told
    assert ADDRESS.partition("@")[0] + "@" not in told
    assert "user%40" not in told
