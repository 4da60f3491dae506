"""Uploads to a store that goes away, of jobs that are cancelled, beside somebody else: whole, or not there."""

import asyncio

import pytest

from scibus.contracts.problems import Cancelled, Conflict
from scibus.modos.transfer.storing import Storing
from tests.modos.ground import Trap
from tests.modos.transfer import shared
from tests.modos.transfer.conftest import MIB, held_halfway, noise
from tests.modos.transfer.mover import MoverSettings

nats_server, bus, folder, spawn_worker = shared.nats_server, shared.bus, shared.folder, shared.spawn_worker
way, way_is_good, mover = shared.way, shared.way_is_good, shared.mover


@pytest.fixture
def trap(way):
    """Holds the second part of the large file."""
    return way.set_trap(Trap("PUT .*reads.bam.*partNumber=2"))


async def test_a_store_that_goes_away_midway_gets_all_files_when_it_is_back(
    mover, objects, s3_bucket, modo, way, trap, halves
):
    job = await objects.upload(modo, await objects.blobs(halves))
    await held_halfway(trap, s3_bucket)

    way.away = True
    trap.let_go()
    problem = (await objects.reaches(job, "retrying")).problem
    assert await s3_bucket.keys() == ["ex/a.txt"]
    way.away = False

    await job.result(timeout=90)
    assert problem.slug == "backend-unavailable"
    assert {name: await s3_bucket.get(f"ex/{name}") for name in halves} == halves


async def test_a_cancelled_upload_takes_its_parts_back(mover, objects, s3_bucket, modo, trap, halves):
    job = await objects.upload(modo, await objects.blobs(halves))
    await held_halfway(trap, s3_bucket)

    await job.cancel()
    # A cancellation is answered when it is recorded, and reaches its handler a moment later.
    await asyncio.sleep(1)
    trap.let_go()

    with pytest.raises(Cancelled):
        await job.result(timeout=60)
    assert await s3_bucket.keys() == ["ex/a.txt"]
    assert await s3_bucket.unfinished() == []


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
