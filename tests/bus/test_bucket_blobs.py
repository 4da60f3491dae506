"""Blobs as objects in a bucket of an S3 server."""

import asyncio
import json
import os
import sys

import pytest

from scibus.bus.blobs import Blobs
from scibus.bus.headers import decode_blob
from scibus.client import connect
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import (
    BackendUnavailable,
    BadBackendAnswer,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Unauthenticated,
    Unsupported,
)
from scibus.sandbox import NatsServer
from tests.bus.blob_places import MIB, mebibytes, pieces, read
from tests.bus.test_file_blobs import OUTSIDE
from tests.client.command.commands import Command
from tests.waiting import until

CONTENT = "kept/scibus_blobs/a"
REFERENCE = "kept/scibus_blobs.refs/a"
LARGE = 23 * MIB + 17
"""Takes three parts, and six ranges."""


@pytest.fixture
def over_way(connection, s3_bucket, way):
    """The bucket, reached over the way that can break."""
    return Blobs(connection, url=s3_bucket.url, new_in="s3")


@pytest.fixture
async def kept(in_bucket):
    """A blob of some length."""
    return await in_bucket.put("a", pieces(os.urandom(LARGE)), media_type="text/plain")


async def test_a_blob_is_an_object_under_its_own_name(in_bucket, s3_bucket):
    ref = await in_bucket.put("drms/export/hmi 1.fits", pieces(b"content"), media_type="application/fits")

    assert (ref.store, ref.bucket) == ("s3", "scibus_blobs")
    assert await s3_bucket.get("kept/scibus_blobs/drms/export/hmi%201.fits") == b"content"
    assert json.loads(await s3_bucket.get("kept/scibus_blobs.refs/drms/export/hmi%201.fits")) == json.loads(
        ref.model_dump_json()
    )


async def test_what_takes_several_parts_is_read_back(in_bucket, s3_bucket):
    content = os.urandom(LARGE)

    ref = await in_bucket.put("a", pieces(content), media_type="text/plain")

    assert await read(in_bucket, ref) == content
    assert await s3_bucket.get(CONTENT) == content
    assert await s3_bucket.unfinished() == []


async def test_an_object_appears_only_when_it_is_whole(in_bucket, s3_bucket):
    seen = []

    async def content():
        yield bytes(LARGE)
        seen.extend(await s3_bucket.unfinished())
        seen.extend(await s3_bucket.keys())
        yield b"the end"

    await in_bucket.put("a", content(), media_type="text/plain")

    assert seen == [CONTENT]
    assert len(await s3_bucket.get(CONTENT)) == LARGE + 7


async def test_content_that_breaks_off_after_some_parts_leaves_none_of_them(in_bucket, s3_bucket):
    seen = []

    async def content():
        yield bytes(LARGE)
        seen.extend(await s3_bucket.unfinished())
        raise TimeoutError("the backend went away")

    with pytest.raises(TimeoutError, match="the backend went away"):
        await in_bucket.put("a", content(), media_type="text/plain")

    assert seen == [CONTENT]
    assert (await s3_bucket.keys(), await s3_bucket.unfinished()) == ([], [])


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
async def test_an_upload_that_is_cancelled_at_its_end_leaves_nothing(over_way, s3_bucket, way, after):
    # After the last piece of content there are several questions more.
    way.seconds = max(0.05, after)
    ending = asyncio.Event()

    async def content():
        yield bytes(LARGE)
        ending.set()

    upload = asyncio.create_task(over_way.put("a", content(), media_type="text/plain"))
    async with asyncio.timeout(30):
        await ending.wait()
    await asyncio.sleep(after)
    upload.cancel()
    await asyncio.wait([upload])

    assert upload.cancelled()
    assert (await s3_bucket.keys(), await s3_bucket.unfinished()) == ([], [])


async def test_a_blob_is_found_only_when_it_is_whole(in_bucket, s3_bucket, kept):
    await s3_bucket.remove(CONTENT)

    with pytest.raises(NotFound, match="no blob 'a'"):
        await in_bucket.find("a")


@pytest.mark.parametrize("size", [7, LARGE])
async def test_an_object_that_lies_there_is_not_replaced(in_bucket, s3_bucket, size):
    await s3_bucket.put(CONTENT, b"somebody's")

    with pytest.raises(Conflict, match="never used twice"):
        await in_bucket.put("a", pieces(bytes(size)), media_type="text/plain")

    assert await s3_bucket.get(CONTENT) == b"somebody's"
    assert (await s3_bucket.keys(), await s3_bucket.unfinished()) == ([CONTENT], [])


async def test_a_name_is_used_once_where_the_store_knows_no_conditions(in_bucket, s3_bucket, monkeypatch):
    monkeypatch.setenv("AWS_CONDITIONAL_PUT", "disabled")
    ref = await in_bucket.put("a", pieces(b"first"), media_type="text/plain")

    with pytest.raises(Conflict, match="never used twice"):
        await in_bucket.put("a", pieces(b"second"), media_type="text/plain")

    assert await read(in_bucket, ref) == b"first"
    assert await in_bucket.find("a") == ref


async def test_bytes_that_changed_in_the_bucket_are_noticed(in_bucket, s3_bucket):
    ref = await in_bucket.put("a", pieces(b"content"), media_type="text/plain")
    await s3_bucket.put(CONTENT, b"c0ntent")

    with pytest.raises(BadBackendAnswer, match="damaged"):
        await read(in_bucket, ref)


@pytest.mark.parametrize("reference", [b"{}", b"no JSON", b" " * 70_000])
async def test_a_reference_that_somebody_changed_is_not_believed(in_bucket, s3_bucket, reference):
    await in_bucket.put("a", pieces(b"content"), media_type="text/plain")
    await s3_bucket.put(REFERENCE, reference)

    with pytest.raises(BadBackendAnswer, match="reference to a in the bucket"):
        await in_bucket.find("a")


async def test_a_reference_to_another_blob_is_not_believed(in_bucket, s3_bucket, kept):
    await in_bucket.put("b", pieces(b"content"), media_type="text/plain")
    await s3_bucket.put(REFERENCE, await s3_bucket.get("kept/scibus_blobs.refs/b"))

    with pytest.raises(BadBackendAnswer, match="is one to b"):
        await in_bucket.find("a")


@pytest.mark.parametrize("name", [*OUTSIDE, "/".join(["x" * 200] * 6)])
async def test_a_name_that_no_object_can_have_is_refused(in_bucket, s3_bucket, name):
    ref = BlobRef(store="s3", bucket="b", name=name, size=0, sha256="0" * 64, media_type="text/plain")

    with pytest.raises(InvalidRequest, match="cannot be the name"):
        await read(in_bucket, ref)
    with pytest.raises(InvalidRequest, match="cannot be the name"):
        await in_bucket.put(name, pieces(b"content"), media_type="text/plain")
    with pytest.raises(InvalidRequest, match="cannot be the name"):
        await in_bucket.find(name)


@pytest.mark.parametrize("name", ["a b/%~#[é].x", "%2e%2e/a", "a+b&c=d?e", "a\\b", "<a>"])
async def test_a_name_is_kept_as_it_is(in_bucket, name):
    ref = await in_bucket.put(name, pieces(b"content"), media_type="text/plain")

    assert await read(in_bucket, ref) == b"content"
    assert await in_bucket.find(name) == ref


async def test_a_media_type_that_no_header_can_hold_is_kept_in_the_reference(in_bucket):
    ref = await in_bucket.put("a", pieces(b"content"), media_type="text/plain\r\nX: é")

    assert (await in_bucket.find("a")).media_type == ref.media_type == "text/plain\r\nX: é"


async def test_a_reader_that_goes_leaves_nothing_running(in_bucket, kept):
    before = asyncio.all_tasks()

    reading = in_bucket.read(kept)
    await anext(reading)
    await reading.aclose()

    assert asyncio.all_tasks() == before


async def test_a_reader_that_is_cancelled_ends_at_once_and_leaves_nothing_running(over_way, kept, way):
    way.rate = MIB // 32

    reading = asyncio.create_task(read(over_way, kept))
    await until(lambda: any("_range" in repr(task) for task in asyncio.all_tasks()))
    await asyncio.sleep(0.2)
    reading.cancel()
    # At that rate a range takes two minutes.
    ended, _ = await asyncio.wait([reading], timeout=20)

    assert ended == {reading}
    assert [task for task in asyncio.all_tasks() if "_range" in repr(task)] == []


async def test_a_transfer_goes_on_where_its_connection_broke(over_way, kept, way):
    way.breaks_after, way.breaks = 3 * MIB, 4

    assert len(await read(over_way, kept)) == LARGE

    assert way.breaks == 0


async def test_a_transfer_outlives_a_store_that_breaks_off_many_times(over_way, kept, way):
    reading = over_way.read(kept)
    size = len(await anext(reading))
    way.breaks_after, way.breaks = 0, 7
    way.cut()

    async for chunk in reading:
        size += len(chunk)

    assert (size, way.breaks) == (LARGE, 0)


async def test_an_upload_outlives_its_connections(over_way, s3_bucket, way):
    async def content():
        async for piece in mebibytes(12):
            yield piece
        way.cut()
        async for piece in mebibytes(12):
            yield piece

    ref = await over_way.put("a", content(), media_type="text/plain")

    assert len(await read(over_way, ref)) == 24 * MIB
    assert await s3_bucket.unfinished() == []


async def test_a_store_that_is_away_is_worth_another_try(over_way, kept, way):
    way.away = True

    with pytest.raises(BackendUnavailable) as put:
        await over_way.put("b", pieces(b"content"), media_type="text/plain")
    with pytest.raises(BackendUnavailable):
        await read(over_way, kept)
    with pytest.raises(BackendUnavailable):
        await over_way.find("a")

    assert put.value.details.retryable
    way.away = False
    assert len(await read(over_way, kept)) == LARGE


async def test_a_store_that_goes_away_midway_has_nothing_under_the_name(over_way, s3_bucket, way):
    async def content():
        async for piece in mebibytes(12):
            yield piece
        way.away = True
        async for piece in mebibytes(12):
            yield piece

    with pytest.raises(BackendUnavailable):
        await over_way.put("a", content(), media_type="text/plain")

    way.away = False
    assert await s3_bucket.keys() == []
    assert await over_way.put("a", pieces(b"content"), media_type="text/plain")


async def test_an_answer_that_was_lost_is_no_conflict_with_oneself(over_way, s3_bucket, way):
    async def content():
        yield b"content"
        way.breaks_after, way.breaks = 0, 1

    ref = await over_way.put("a", content(), media_type="text/plain")

    assert way.breaks == 0
    assert await read(over_way, ref) == b"content"


async def test_wrong_keys_are_named_and_not_shown(connection, strict_bucket, monkeypatch):
    blobs = Blobs(connection, url=strict_bucket.url, new_in="s3")
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")
    assert await read(blobs, ref) == b"content"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    stranger = Blobs(connection, url=strict_bucket.url, new_in="s3")

    with pytest.raises(Unauthenticated, match=r"SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY") as raised:
        await stranger.put("b", pieces(b"content"), media_type="text/plain")
    with pytest.raises(Unauthenticated, match="AWS_SECRET_ACCESS_KEY"):
        await stranger.find("a")
    with pytest.raises(Forbidden, match="AWS_SECRET_ACCESS_KEY"):
        await read(stranger, ref)

    assert "a-wrong-secret" not in str(raised.value)
    assert strict_bucket.server.key not in str(raised.value)


async def test_keys_that_do_not_allow_it_are_told_so(connection, in_bucket, s3_bucket, monkeypatch):
    ref = await in_bucket.put("a", pieces(b"content"), media_type="text/plain")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    stranger = Blobs(connection, url=s3_bucket.url)

    with pytest.raises(Forbidden, match="policy of the bucket"):
        await read(stranger, ref)


async def test_without_keys_it_is_said_what_to_set(connection, s3_bucket, way, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    way.away = True
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", way.url)

    with pytest.raises(Unauthenticated, match=r"no keys.*set AWS_ACCESS_KEY_ID"):
        await Blobs(connection, url=s3_bucket.url, new_in="s3").put("a", pieces(b""), media_type="text/plain")


async def test_a_bucket_that_is_not_there_is_told(connection, s3_bucket):
    blobs = Blobs(connection, url="s3://nobodys-bucket", new_in="s3")

    with pytest.raises(NotFound, match="bucket that SCIBUS_BLOB_URL names does not exist"):
        await blobs.put("a", pieces(b"content"), media_type="text/plain")


async def test_every_store_is_read_whichever_takes_new_blobs(objects, files, in_bucket, connection, folder, s3_bucket):
    refs = [
        await blobs.put(f"{i}", pieces(b"%d" % i), media_type="text/plain", filename=f"{i}")
        for i, blobs in enumerate((objects, files, in_bucket))
    ]
    readers = [Blobs(connection, folder=folder, url=s3_bucket.url, new_in=kind) for kind in ("nats", "file", "s3")]

    assert [ref.store for ref in refs] == ["nats", "file", "s3"]
    assert [[await read(blobs, ref) for ref in refs] for blobs in readers] == [[b"0", b"1", b"2"]] * 3
    assert [[await blobs.find(ref.name) for ref in refs] for blobs in readers] == [refs] * 3


async def test_without_the_url_it_is_said_what_to_set(objects, kept):
    with pytest.raises(Unsupported, match="set SCIBUS_BLOB_URL"):
        await read(objects, kept)


async def test_without_the_library_it_is_said_what_to_install(connection, s3_bucket, kept, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore.store", None)

    with pytest.raises(Unsupported, match=r"install scibus\[s3\]"):
        await read(Blobs(connection, url=s3_bucket.url), kept)


async def test_a_bucket_needs_no_jetstream(s3_bucket):
    async with NatsServer(jetstream=False) as server, connect(server.url) as bus:
        blobs = Blobs(bus.connection, url=s3_bucket.url, new_in="s3")

        ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")

        assert await read(blobs, ref) == b"content"
        with pytest.raises(NotFound):
            await blobs.find("b")


async def test_an_answer_too_large_for_a_message_goes_through_the_bucket(
    nats_server, spawn_worker, s3_bucket, monkeypatch, tmp_path
):
    await spawn_worker("probe", **s3_bucket.settings)
    monkeypatch.setenv("SCIBUS_BLOB_URL", s3_bucket.url)
    async with connect(nats_server.url) as bus:
        reply = await bus.connection.request("scibus.v1.req.probe.repeat", b'{"count":3000000}', timeout=30)
        ref = decode_blob(reply.headers["Scibus-Blob"])

        path = await bus.blobs.download(ref, tmp_path / "downloaded")

    scibus = Command({**os.environ, "SCIBUS_NATS_URL": nats_server.url})
    got = await scibus("get", ref.name, "--to", str(tmp_path / "got"))

    assert ref.store == "s3"
    assert got.code == 0, got.err
    assert path.read_bytes() == (tmp_path / "got").read_bytes() == b'{"text":"' + 3_000_000 * b"x" + b'"}'
