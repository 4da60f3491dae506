"""Whole objects into an object store: seen when they are whole, and nothing is overwritten unasked."""

import hashlib

import pytest

from scibus.contracts.problems import BadBackendAnswer, Conflict, NotFound
from tests.modos.transfer import shared
from tests.modos.transfer.conftest import MIB, md5_of, noise, put_all

nats_server, bus, folder, spawn_worker = shared.nats_server, shared.bus, shared.folder, shared.spawn_worker
way, mover, local_bucket = shared.way, shared.mover, shared.local_bucket

MARK = "data.zarr/zarr.json"
FILES = {
    MARK: b"{}",
    "data.zarr/data/demo1/zarr.json": b'{"attributes":{}}',
    "demo1.cram": noise(20 * MIB + 1),
    "empty.txt": b"",
    "naïve name #1 100%.txt": b"odd",
}


async def test_all_files_are_stored_and_come_back(mover, objects, s3_bucket, modo):
    stored = await (await objects.upload(modo, await objects.blobs(FILES))).result(timeout=60)

    moved = await (await objects.download(modo)).result(timeout=60)
    assert await objects.contents(moved) == FILES
    assert moved.checksum == md5_of(FILES)
    assert [file.name for file in stored.files] == sorted(FILES)
    assert [file.e_tag for file in stored.files] == [file.e_tag for file in moved.files]
    assert [file.sha256 for file in stored.files] == [file.sha256 for file in moved.files]
    assert await s3_bucket.unfinished() == []


async def test_a_folder_takes_an_object_too(mover, objects, local_bucket):
    await (await objects.upload("s3://objects/ex", await objects.blobs(FILES))).result(timeout=60)

    assert local_bucket.contents() == FILES


async def test_what_is_there_already_is_left(mover, objects, local_bucket):
    local_bucket.put(FILES | {"besides.txt": b"not of the order"})
    before = local_bucket.all()

    stored = await (await objects.upload("s3://objects/ex", await objects.blobs(FILES))).result(timeout=60)

    assert local_bucket.all() == before
    assert {file.name: file.sha256 for file in stored.files} == {
        name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()
    }


@pytest.mark.parametrize("there", [noise(20 * MIB + 1), b"small"], ids=["same size", "other size"])
async def test_another_content_is_only_replaced_when_that_is_asked_for(mover, objects, s3_bucket, modo, there):
    await put_all(s3_bucket, {"demo1.cram": there})
    blobs = await objects.blobs(FILES)

    job = await objects.upload(modo, blobs)
    with pytest.raises(Conflict, match=r"demo1\.cram is there already, with another content: set overwrite"):
        await job.result(timeout=60)
    assert await s3_bucket.get("ex/demo1.cram") == there
    assert f"ex/{MARK}" not in await s3_bucket.keys()

    await (await objects.upload(modo, blobs, overwrite=True)).result(timeout=60)
    assert await s3_bucket.get("ex/demo1.cram") == FILES["demo1.cram"]
    assert f"ex/{MARK}" in await s3_bucket.keys()


@pytest.mark.parametrize("size", [1000, 20 * MIB])
async def test_nothing_is_left_of_a_damaged_blob_and_the_object_is_not_seen(mover, objects, s3_bucket, modo, size):
    good = await objects.blob(noise(size))
    damaged = good.model_copy(update={"sha256": hashlib.sha256(b"something else").hexdigest()})
    blobs = await objects.blobs({MARK: b"{}", "a.txt": b"a"})

    job = await objects.upload(modo, {"demo1.cram": damaged, **blobs})

    with pytest.raises(BadBackendAnswer, match="damaged"):
        await job.result(timeout=60)
    assert "ex/demo1.cram" not in await s3_bucket.keys()
    assert f"ex/{MARK}" not in await s3_bucket.keys()
    assert await s3_bucket.unfinished() == []


async def test_a_blob_that_is_gone_is_told(mover, objects, modo):
    blob = (await objects.blob(b"content")).model_copy(update={"name": "test/gone/file"})

    job = await objects.upload(modo, {"a.txt": blob})

    with pytest.raises(NotFound, match="no blob"):
        await job.result(timeout=60)


async def test_a_bucket_that_does_not_exist_is_not_made(mover, objects, s3_bucket):
    job = await objects.upload("s3://no-such-bucket/ex", await objects.blobs(FILES))

    with pytest.raises(NotFound, match="no bucket 'no-such-bucket'"):
        await job.result(timeout=60)
