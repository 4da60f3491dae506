"""Blobs on a real server, in the object store's own format."""

import asyncio
import hashlib
import os

import nats
import pytest
from nats.js.api import ObjectStoreConfig

from scibus.bus.blobs import BUCKET, Blobs
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BadBackendAnswer, NotFound, TooLarge, Unsupported
from scibus.sandbox import NatsServer

MIB = 1024 * 1024


async def pieces(content: bytes, size: int = 300_001):
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.fixture
async def connection(nats_server):
    connection = await nats.connect(nats_server.url)
    yield connection
    await connection.close()


@pytest.fixture
async def bucket(connection):
    return await connection.jetstream().create_object_store(BUCKET, config=ObjectStoreConfig(bucket=BUCKET))


@pytest.fixture
def blobs(connection, bucket):
    return Blobs(connection)


async def test_what_was_put_is_read_back(blobs):
    content = os.urandom(5 * MIB + 17)

    ref = await blobs.put("a/b.bin", pieces(content), media_type="application/octet-stream", filename="b.bin")

    assert b"".join([chunk async for chunk in blobs.read(ref)]) == content
    assert (ref.size, ref.sha256) == (len(content), hashlib.sha256(content).hexdigest())


async def test_an_empty_blob_is_a_blob(blobs):
    ref = await blobs.put("empty", pieces(b""), media_type="text/plain")

    assert ref.size == 0
    assert [chunk async for chunk in blobs.read(ref)] == []


async def test_any_client_reads_our_blobs(blobs, bucket):
    content = os.urandom(2 * MIB + 1)

    await blobs.put("ours", pieces(content), media_type="text/plain")

    theirs = await bucket.get("ours")
    assert theirs.data == content
    assert theirs.info.size == len(content)


async def test_blobs_of_any_client_are_found_and_read(blobs, bucket):
    content = os.urandom(MIB)
    await bucket.put("folder/theirs.bin", content)

    ref = await blobs.find("folder/theirs.bin")

    assert (ref.size, ref.sha256) == (MIB, hashlib.sha256(content).hexdigest())
    assert b"".join([chunk async for chunk in blobs.read(ref)]) == content


async def test_a_name_is_never_used_twice(blobs):
    assert blobs.new_name("drms", "query", "t.arrow") != blobs.new_name("drms", "query", "t.arrow")
    assert blobs.new_name("drms", "query", "t.arrow").endswith("/t.arrow")


async def test_a_damaged_blob_is_noticed(blobs):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")
    expected_otherwise = ref.model_copy(update={"sha256": hashlib.sha256(b"other").hexdigest()})

    with pytest.raises(BadBackendAnswer, match="damaged"):
        [chunk async for chunk in blobs.read(expected_otherwise)]


async def test_a_download_is_there_when_whole(blobs, tmp_path):
    content = os.urandom(3 * MIB)
    ref = await blobs.put("a/b.fits", pieces(content), media_type="application/fits", filename="b.fits")

    path = await blobs.download(ref, tmp_path)

    assert path == tmp_path / "b.fits"
    assert path.read_bytes() == content


async def test_a_damaged_download_leaves_no_file(blobs, tmp_path):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")

    with pytest.raises(BadBackendAnswer):
        await blobs.download(ref.model_copy(update={"size": 8}), tmp_path / "a")

    assert list(tmp_path.iterdir()) == []


async def test_a_blob_that_is_gone_is_not_found(blobs, bucket):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")
    await bucket.delete("a")

    with pytest.raises(NotFound, match="kept for 14 days"):
        [chunk async for chunk in blobs.read(ref)]


async def test_a_file_name_in_a_reference_cannot_leave_the_folder(blobs, tmp_path):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain", filename="../../outside")
    (tmp_path / "in").mkdir()

    path = await blobs.download(ref, tmp_path / "in")

    assert path == tmp_path / "in" / "outside"


async def test_content_that_breaks_off_leaves_nothing_behind(blobs, connection, bucket):
    async def broken():
        yield os.urandom(2 * MIB)
        raise OSError("the backend went away")

    with pytest.raises(OSError, match="went away"):
        await blobs.put("a", broken(), media_type="text/plain")

    assert (await connection.jetstream().stream_info(f"OBJ_{BUCKET}")).state.messages == 0


async def test_without_an_object_store_nothing_large_travels(connection):
    with pytest.raises(TooLarge, match="has no object store scibus_blobs"):
        await Blobs(connection).put("a", pieces(b"x"), media_type="text/plain")


async def test_whoever_may_makes_an_object_store_that_was_lost(connection, bucket):
    await connection.jetstream().delete_object_store(BUCKET)
    blobs = Blobs(connection, create=True)

    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")

    assert b"".join([chunk async for chunk in blobs.read(ref)]) == b"content"


async def test_an_upload_that_is_cancelled_stops_and_leaves_nothing_behind(blobs, connection):
    async def endless():
        while True:
            yield os.urandom(MIB)

    uploads = [asyncio.create_task(blobs.put(f"{i}", endless(), media_type="text/plain")) for i in range(10)]
    await asyncio.sleep(0.3)
    [upload.cancel() for upload in uploads]

    done, going_on = await asyncio.wait(uploads, timeout=10)

    assert going_on == set()
    assert [upload.cancelled() for upload in done] == [True] * 10
    assert (await connection.jetstream().stream_info(f"OBJ_{BUCKET}")).state.messages == 0


async def test_another_kind_of_store_is_said_to_be_unsupported(blobs):
    ref = BlobRef(store="s3", bucket="b", name="n", size=0, sha256="0" * 64, media_type="text/plain")

    with pytest.raises(Unsupported):
        [chunk async for chunk in blobs.read(ref)]


async def test_reading_goes_on_after_the_server_was_killed(tmp_path):
    content = os.urandom(24 * MIB)
    async with NatsServer(store=tmp_path / "data") as server:
        connection = await nats.connect(server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
        await connection.jetstream().create_object_store(BUCKET, config=ObjectStoreConfig(bucket=BUCKET))
        blobs = Blobs(connection)
        ref = await blobs.put("a", pieces(content), media_type="text/plain")
        reading = blobs.read(ref)
        read = [await anext(reading)]
        await server.kill()
        await server.start()

        read += [chunk async for chunk in reading]

        assert b"".join(read) == content
        await connection.close()


async def test_a_download_that_fails_leaves_what_was_there_before(blobs, tmp_path):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")
    (tmp_path / "a").write_bytes(b"as before")

    with pytest.raises(BadBackendAnswer):
        await blobs.download(ref.model_copy(update={"size": 8}), tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == b"as before"


async def test_a_name_is_described_by_one_message(blobs, connection, bucket):
    await blobs.put("a", pieces(b"one"), media_type="text/plain")
    await blobs.put("a", pieces(b"two"), media_type="text/plain")

    info = await connection.jetstream().stream_info(f"OBJ_{BUCKET}", subjects_filter=f"$O.{BUCKET}.M.>")
    assert list(info.state.subjects.values()) == [1]


async def test_a_blob_is_found_as_it_was_put(blobs):
    ref = await blobs.put("a/b.fits", pieces(b"content"), media_type="application/fits", filename="b.fits")

    assert await blobs.find("a/b.fits") == ref


async def test_the_digest_is_written_as_other_clients_write_it(blobs, bucket):
    await blobs.put("ours", pieces(b"x" * 5), media_type="text/plain")
    await bucket.put("theirs", b"x" * 5)

    ours, theirs = await bucket.get_info("ours"), await bucket.get_info("theirs")
    assert ours.digest == theirs.digest == "SHA-256=6vFrwHlo4BPz-UqxNCRyQ0o5_DR18RzzQabDlll0-Ok="
