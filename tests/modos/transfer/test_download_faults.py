"""Downloads over a way that breaks, of files that change, by workers that die: whole in the end, or a problem."""

import asyncio

from tests.modos.transfer.conftest import MIB, fast, md5_of, noise, put_all, slowly
from tests.waiting import until

LARGE = {"data.zarr/zarr.json": b"{}", "reads.bam": noise(24 * MIB + 17)}


def connections(way, count):
    """Whether that many more connections were made."""
    begun = way.connections

    async def made() -> bool:
        return way.connections >= begun + count

    return made


async def test_answers_that_break_off_are_gone_on_with(mover, objects, s3_bucket, modo, way):
    await put_all(s3_bucket, LARGE)
    slowly(way)

    moved = await (await objects.download(modo)).result(timeout=90)

    assert await objects.contents(moved) == LARGE
    assert moved.checksum == md5_of(LARGE)
    assert way.connections > 24


async def test_a_file_that_is_replaced_midway_comes_as_it_is_then(mover, objects, s3_bucket, modo, way):
    await put_all(s3_bucket, LARGE)
    slowly(way)
    job = await objects.download(modo)
    await until(connections(way, 8))

    changed = LARGE | {"reads.bam": noise(24 * MIB + 17)}
    await put_all(s3_bucket, changed)
    fast(way)

    moved = await job.result(timeout=90)
    assert await objects.contents(moved) == changed
    assert moved.checksum == md5_of(changed)
    assert (await job.status()).attempt == 1


async def test_a_store_that_is_away_for_a_while_is_waited_for(mover, objects, s3_bucket, modo, way):
    await put_all(s3_bucket, LARGE)
    slowly(way)
    job = await objects.download(modo)
    await until(connections(way, 8))

    way.away = True
    await asyncio.sleep(4)
    way.away = False
    fast(way)

    moved = await job.result(timeout=90)
    assert await objects.contents(moved) == LARGE
    assert moved.checksum == md5_of(LARGE)


async def test_a_store_that_is_not_there_is_tried_again_later(mover, objects, s3_bucket, modo, way):
    await put_all(s3_bucket, LARGE)
    way.away = True
    job = await objects.download(modo)
    problem = (await objects.reaches(job, "retrying")).problem

    way.away = False

    assert problem.slug == "backend-unavailable"
    assert "cannot be reached" in problem.detail
    assert await objects.contents(await job.result(timeout=90)) == LARGE


async def test_what_a_dead_worker_fetched_is_not_fetched_again(spawn_mover, objects, s3_bucket, modo, way):
    files = {f"{number:02}.txt": noise(1000) for number in range(20)} | {"reads.bam": noise(20 * MIB)}
    await put_all(s3_bucket, files)
    first = await spawn_mover()
    slowly(way)
    job = await objects.download(modo)
    await objects.moved(job, 5 * MIB)

    first.kill()
    fast(way)
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
    first = await spawn_mover()
    slowly(way)
    job = await objects.download(modo)
    await objects.moved(job, 5 * MIB)

    first.kill()
    fast(way)
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
