"""Whole objects out of an object store: every byte, in order, and nothing is made on the store."""

from pathlib import Path

import pytest

from scibus.contracts.problems import BadBackendAnswer, NotFound
from tests.modos.transfer import shared
from tests.modos.transfer.conftest import MIB, md5_of, noise, put_all

nats_server, bus, folder, spawn_worker = shared.nats_server, shared.bus, shared.folder, shared.spawn_worker
way, mover, local_bucket = shared.way, shared.mover, shared.local_bucket

SAMPLE = Path(__file__).parents[4] / "shared" / "samples" / "modos" / "ex"
FILES = {
    "data.zarr/zarr.json": b"{}",
    "data.zarr/data/demo1/zarr.json": b'{"attributes":{}}',
    "demo1.cram": noise(9 * MIB + 1),
    "demo1.cram.crai": noise(1000),
    "empty.txt": b"",
    "larger.bam": noise(13 * MIB),
    "naïve name #1 100%.txt": b"odd",
}


async def test_all_files_come_whole_with_the_checksum_of_the_published_client(mover, objects, local_bucket):
    local_bucket.put(FILES)
    local_bucket.put({"other.txt": b"not of this object"}, key="ex2")

    moved = await (await objects.download("s3://objects/ex")).result(timeout=60)

    assert await objects.contents(moved) == FILES
    assert [file.name for file in moved.files] == sorted(FILES)
    assert moved.checksum == md5_of(FILES)
    assert moved.path == "s3://objects/ex"
    assert all(file.e_tag for file in moved.files)
    assert {file.blob.filename for file in moved.files} == {name.rpartition("/")[2] for name in FILES}


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample object of the published client is not here")
async def test_the_sample_object_has_the_checksum_that_its_makers_tell(mover, objects, local_bucket):
    local_bucket.copy(SAMPLE)

    moved = await (await objects.download("s3://objects/ex")).result(timeout=60)

    assert moved.checksum == "67c56c5842fdcbf87c78e7558a188ca9"


async def test_only_the_files_that_are_named_come(mover, objects, local_bucket):
    local_bucket.put(FILES)

    moved = await (await objects.download("s3://objects/ex", "larger.bam", "empty.txt")).result(timeout=60)

    assert await objects.contents(moved) == {name: FILES[name] for name in ("empty.txt", "larger.bam")}
    assert moved.checksum is None


@pytest.mark.parametrize("names", [[], ["demo1.cram"], [f"file{i}" for i in range(20)]])
async def test_what_does_not_exist_is_a_problem_and_is_not_made(mover, objects, local_bucket, names):
    local_bucket.put(FILES)
    before = local_bucket.all()

    job = await objects.download("s3://objects/eX", *names)

    with pytest.raises(NotFound, match="there is no"):
        await job.result(timeout=60)
    assert local_bucket.all() == before
    assert [path.name for path in local_bucket.path.iterdir()] == ["ex"]


async def test_marks_of_folders_are_no_files(mover, objects, s3_bucket, modo):
    await put_all(s3_bucket, {"": b"", "data.zarr/": b"", "data.zarr/zarr.json": b"{}", "alone/": b"", "a.txt": b"a"})

    moved = await (await objects.download(modo)).result(timeout=60)

    assert await objects.contents(moved) == {"a.txt": b"a", "data.zarr/zarr.json": b"{}"}


async def test_a_folder_with_nothing_in_it_is_no_object(mover, objects, s3_bucket, modo):
    await put_all(s3_bucket, {"": b"", "data.zarr/": b""})

    with pytest.raises(NotFound, match="no object"):
        await (await objects.download(modo)).result(timeout=60)


@pytest.mark.parametrize("name", ["a//b", "a/%2E%2E/b", "%01bell"])
async def test_an_object_with_a_file_that_no_folder_can_hold_is_not_half_fetched(mover, objects, s3_bucket, modo, name):
    await put_all(s3_bucket, {"a.txt": b"a", name: b"b"})

    job = await objects.download(modo)

    with pytest.raises(BadBackendAnswer, match="name cannot be used"):
        await job.result(timeout=60)


async def test_a_bucket_that_does_not_exist_is_named(mover, objects, s3_bucket):
    job = await objects.download("s3://no-such-bucket/ex")

    with pytest.raises(NotFound, match="no bucket 'no-such-bucket'"):
        await job.result(timeout=60)
