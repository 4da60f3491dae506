"""Blobs, the same in every store: what was put is read back, or it is said why not."""

import asyncio
import hashlib
import os
import tracemalloc
from functools import partial

import pytest

from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BadBackendAnswer, Conflict, InvalidRequest, NotFound
from tests.bus.blob_places import MIB, after, endless, mebibytes, pieces, read
from tests.waiting import until


async def test_what_was_put_is_read_back(blobs):
    content = os.urandom(5 * MIB + 17)

    ref = await blobs.put("a/b.bin", pieces(content), media_type="application/octet-stream", filename="b.bin")

    assert await read(blobs, ref) == content
    assert (ref.size, ref.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1])
async def test_content_of_any_length_is_read_back(blobs, size):
    ref = await blobs.put("a", pieces(bytes(size), 2 * MIB), media_type="text/plain")

    assert await read(blobs, ref) == bytes(size)


async def test_a_new_name_is_new(blobs):
    assert blobs.new_name("drms", "query", "t.arrow") != blobs.new_name("drms", "query", "t.arrow")
    assert blobs.new_name("drms", "query", "t.arrow").endswith("/t.arrow")


async def test_a_name_is_never_used_twice(place):
    ref = await place.blobs.put("a", pieces(b"first"), media_type="text/plain")
    before = await place.contents()

    with pytest.raises(Conflict, match="never used twice"):
        await place.blobs.put("a", pieces(b"second"), media_type="text/plain")

    assert await read(place.blobs, ref) == b"first"
    assert await place.contents() == before


async def test_of_two_at_once_one_gets_the_name(blobs):
    puts = [blobs.put("a", pieces(content), media_type="text/plain") for content in (b"one", b"two")]

    ended = await asyncio.gather(*puts, return_exceptions=True)

    (ref,) = [end for end in ended if isinstance(end, BlobRef)]
    assert [type(end) for end in ended if end is not ref] == [Conflict]
    assert await read(blobs, ref) in (b"one", b"two")


async def test_a_blob_is_found_as_it_was_put(blobs):
    ref = await blobs.put("a/b.fits", pieces(b"content"), media_type="application/fits", filename="b.fits")

    assert await blobs.find("a/b.fits") == ref


async def test_a_name_that_nobody_used_is_not_found(blobs):
    with pytest.raises(NotFound, match="no blob 'nothing'"):
        await blobs.find("nothing")


@pytest.mark.parametrize(
    "wrong", [{"sha256": hashlib.sha256(b"other").hexdigest()}, {"size": 8}, {"size": 6}, {"size": 0}]
)
async def test_what_is_not_as_the_reference_says_is_damaged(blobs, wrong):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")

    with pytest.raises(BadBackendAnswer, match="damaged"):
        await read(blobs, ref.model_copy(update=wrong))


async def test_a_blob_that_is_gone_is_not_found(place):
    ref = await place.blobs.put("a", pieces(b"content"), media_type="text/plain")
    await place.lose(ref)

    with pytest.raises(NotFound, match="no blob 'a'"):
        await read(place.blobs, ref)


async def test_a_download_is_there_when_whole(blobs, tmp_path):
    content = os.urandom(3 * MIB)
    ref = await blobs.put("a/b.fits", pieces(content), media_type="application/fits", filename="b.fits")
    (tmp_path / "in").mkdir()

    path = await blobs.download(ref, tmp_path / "in")

    assert path == tmp_path / "in" / "b.fits"
    assert path.read_bytes() == content


async def test_a_download_that_fails_leaves_what_was_there_before(blobs, tmp_path):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"as before")

    with pytest.raises(BadBackendAnswer):
        await blobs.download(ref.model_copy(update={"size": 8}), tmp_path / "in" / "a")

    assert [path.read_bytes() for path in (tmp_path / "in").iterdir()] == [b"as before"]


async def test_a_file_name_in_a_reference_cannot_leave_the_folder(blobs, tmp_path):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain", filename="../../outside")
    (tmp_path / "in").mkdir()

    assert await blobs.download(ref, tmp_path / "in") == tmp_path / "in" / "outside"


async def test_content_that_breaks_off_leaves_nothing_and_says_why(place):
    async def broken():
        yield os.urandom(2 * MIB)
        raise TimeoutError("the backend went away")

    with pytest.raises(TimeoutError, match="the backend went away"):
        await place.blobs.put("a", broken(), media_type="text/plain")

    assert await place.contents() == []


async def test_uploads_that_are_cancelled_stop_and_leave_nothing(place):
    begun = []
    contents = [after(endless(), 2, partial(begun.append, i)) for i in range(10)]
    uploads = [
        asyncio.create_task(place.blobs.put(f"{i}", content, media_type="text/plain"))
        for i, content in enumerate(contents)
    ]
    await until(lambda: len(begun) == 10)
    [upload.cancel() for upload in uploads]

    done, going_on = await asyncio.wait(uploads, timeout=60)

    assert going_on == set()
    assert [upload.cancelled() for upload in done] == [True] * 10
    assert await place.contents() == []


async def test_an_upload_that_is_cancelled_in_its_last_moment_leaves_nothing(place):
    async def content():
        upload.cancel()
        return
        yield b""

    upload = asyncio.create_task(place.blobs.put("a", content(), media_type="text/plain"))
    await asyncio.wait([upload])

    assert upload.cancelled()
    assert await place.contents() == []


async def test_content_is_closed_when_it_is_not_wanted_any_more(place):
    begun, closed = asyncio.Event(), asyncio.Event()

    async def content():
        try:
            async for piece in endless():
                yield piece
                begun.set()
        finally:
            closed.set()

    upload = asyncio.create_task(place.blobs.put("a", content(), media_type="text/plain"))
    async with asyncio.timeout(30):
        await begun.wait()
    upload.cancel()
    await asyncio.wait([upload])

    assert closed.is_set()


async def test_large_blobs_pass_through_little_memory(blobs):
    tracemalloc.start()
    try:
        ref = await blobs.put("a", mebibytes(64), media_type="text/plain")
        chunks = [len(chunk) async for chunk in blobs.read(ref)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sum(chunks) == 64 * MIB
    assert peak < 32 * MIB


async def test_a_reader_that_takes_its_time_has_little_in_memory(blobs):
    ref = await blobs.put("a", mebibytes(64), media_type="text/plain")
    tracemalloc.start()
    try:
        reading = blobs.read(ref)
        await anext(reading)
        await asyncio.sleep(0.5)
        held, _ = tracemalloc.get_traced_memory()
        await reading.aclose()
    finally:
        tracemalloc.stop()

    assert held < 20 * MIB


@pytest.mark.parametrize("bucket_name", ["", "..", "a/b", "x.>", "*", "scibus_blobs.refs"])
async def test_a_bucket_that_cannot_be_one_is_refused(blobs, bucket_name):
    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")

    with pytest.raises(InvalidRequest, match="bucket"):
        await read(blobs, ref.model_copy(update={"bucket": bucket_name}))
