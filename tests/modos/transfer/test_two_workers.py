"""Workers that die, and another one that goes on; two that are after the same object."""

import asyncio

import pytest

from tests.modos.ground import Trap
from tests.modos.transfer.conftest import MARK, MIB, crawling, held_halfway, md5_of, noise, put_all
from tests.processes import TAKEN_OVER

pytestmark = pytest.mark.timeout(300)


async def download_left_by_the_dead(spawn_mover, objects, modo, way, *, files):
    """A download whose worker died when it had noted so many files, the large one under way."""
    first = await spawn_mover(**TAKEN_OVER)
    with crawling(way):
        job = await objects.download(modo)
        await objects.notes(job, files=files)
        await first.killed()
    return job


async def test_what_a_dead_worker_fetched_is_not_fetched_again(spawn_mover, objects, s3_bucket, modo, way):
    files = {f"{number:02}.txt": noise(1000) for number in range(20)} | {"reads.bam": noise(20 * MIB)}
    await put_all(s3_bucket, files)
    job = await download_left_by_the_dead(spawn_mover, objects, modo, way, files=20)
    await spawn_mover()

    moved = await job.result(timeout=90)
    assert await objects.contents(moved) == files
    assert moved.checksum == md5_of(files)
    attempts = {file.name: file.blob.name.split("/")[3] for file in moved.files}
    assert attempts == dict.fromkeys(files, "1") | {"reads.bam": "2"}


async def test_a_fetched_file_that_changed_since_or_lost_its_blob_is_fetched_again(
    spawn_mover, objects, s3_bucket, modo, way
):
    files = {f"{number:02}.txt": noise(1000) for number in range(4)} | {"reads.bam": noise(20 * MIB)}
    await put_all(s3_bucket, files)
    job = await download_left_by_the_dead(spawn_mover, objects, modo, way, files=4)

    files["01.txt"] = noise(1000)
    await s3_bucket.put("ex/01.txt", files["01.txt"])
    store = await objects.bus.connection.jetstream().object_store("scibus_blobs")
    lost = next(entry.name for entry in await store.list() if entry.name.endswith("02.txt"))
    await store.delete(lost)
    await spawn_mover()

    moved = await job.result(timeout=90)
    assert await objects.contents(moved) == files
    assert moved.checksum == md5_of(files)
    attempts = [file.blob.name.split("/")[3] for file in moved.files]
    assert attempts == ["1", "2", "2", "1", "2"]


async def test_a_killed_worker_leaves_nothing_under_a_name_and_another_one_goes_on(
    spawn_mover, objects, s3_bucket, modo, way, halves
):
    trap = way.set_trap(Trap("PUT .*reads.bam.*partNumber=2"))
    first = await spawn_mover(**TAKEN_OVER)
    job = await objects.upload(modo, await objects.blobs(halves))
    await held_halfway(trap, s3_bucket)

    await first.killed()
    trap.let_go()
    assert await s3_bucket.keys() == ["ex/a.txt"]
    await spawn_mover()

    await job.result(timeout=90)
    assert {name: await s3_bucket.get(f"ex/{name}") for name in halves} == halves


async def test_two_uploads_of_one_object_at_once_end_in_one_of_them(spawn_mover, objects, s3_bucket, modo):
    await spawn_mover()
    await spawn_mover()
    two = [{"a.txt": noise(1000), MARK: b"{}"} for _ in range(2)]

    jobs = [await objects.upload(modo, await objects.blobs(files)) for files in two]
    ended = await asyncio.gather(*(job.result(timeout=60) for job in jobs), return_exceptions=True)

    assert sorted(type(end).__name__ for end in ended) == ["Conflict", "TransferredObject"]
    kept = next(files for files, end in zip(two, ended, strict=True) if not isinstance(end, Exception))
    assert {name: await s3_bucket.get(f"ex/{name}") for name in kept} == kept
