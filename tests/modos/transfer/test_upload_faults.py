"""Uploads to a store that goes away, by workers that die, of jobs that are cancelled: whole, or not there."""

import asyncio

import pytest

from scibus.contracts.problems import Cancelled, Conflict
from scibus.modos.transfer.storing import Storing
from tests.modos.transfer.conftest import MIB, noise
from tests.modos.transfer.mover import MoverSettings
from tests.waiting import until

MARK = "data.zarr/zarr.json"


def begun(bucket):
    """Whether the bucket has an upload that is neither completed nor aborted."""

    async def there() -> bool:
        return bool(await bucket.unfinished())

    return there


@pytest.fixture
def files():
    return {MARK: b"{}", "a.txt": b"a", "reads.bam": noise(96 * MIB)}


async def test_a_store_that_goes_away_midway_gets_all_files_when_it_is_back(
    mover, objects, s3_bucket, modo, way, files
):
    job = await objects.upload(modo, await objects.blobs(files))
    await until(begun(s3_bucket))

    way.away = True
    problem = (await objects.reaches(job, "retrying")).problem
    assert await s3_bucket.keys() == ["ex/a.txt"]
    way.away = False

    await job.result(timeout=90)
    assert problem.slug == "backend-unavailable"
    assert {name: await s3_bucket.get(f"ex/{name}") for name in files} == files


async def test_a_killed_worker_leaves_nothing_under_a_name_and_another_one_goes_on(
    spawn_mover, objects, s3_bucket, modo, files
):
    first = await spawn_mover()
    job = await objects.upload(modo, await objects.blobs(files))
    await until(begun(s3_bucket))

    first.kill()
    assert await s3_bucket.keys() == ["ex/a.txt"]
    await spawn_mover()

    await job.result(timeout=90)
    assert {name: await s3_bucket.get(f"ex/{name}") for name in files} == files


async def test_a_cancelled_upload_takes_its_parts_back(mover, objects, s3_bucket, modo, files):
    job = await objects.upload(modo, await objects.blobs(files))
    await until(begun(s3_bucket))

    await job.cancel()

    with pytest.raises(Cancelled):
        await job.result(timeout=60)
    assert await s3_bucket.keys() == ["ex/a.txt"]
    assert await s3_bucket.unfinished() == []


async def test_two_uploads_of_one_object_at_once_end_in_one_of_them(spawn_mover, objects, s3_bucket, modo):
    await spawn_mover()
    await spawn_mover()
    two = [{"a.txt": noise(1000), MARK: b"{}"} for _ in range(2)]

    jobs = [await objects.upload(modo, await objects.blobs(files)) for files in two]
    ended = await asyncio.gather(*(job.result(timeout=60) for job in jobs), return_exceptions=True)

    assert sorted(type(end).__name__ for end in ended) == ["Conflict", "TransferredObject"]
    kept = next(files for files, end in zip(two, ended, strict=True) if not isinstance(end, Exception))
    assert {name: await s3_bucket.get(f"ex/{name}") for name in kept} == kept


@pytest.mark.parametrize("size", [1000, 20 * MIB])
async def test_what_somebody_else_stores_meanwhile_is_not_overwritten(mover, objects, s3_bucket, modo, way, size):
    async def read(blob):
        async for chunk in objects.bus.blobs.read(blob):
            yield chunk
        await s3_bucket.put("ex/a.bam", b"theirs")

    storing = Storing(MoverSettings(store=way.url).bucket(s3_bucket.name), read)
    ours = await objects.blob(noise(size))

    with pytest.raises(Conflict, match="another content"):
        await storing.stored("ex/a.bam", f"{modo}/a.bam", ours, overwrite=False, known=None)

    assert await s3_bucket.get("ex/a.bam") == b"theirs"
    assert await s3_bucket.unfinished() == []
