"""Downloads over a way that breaks, of files that change: whole in the end, or a problem."""

import asyncio

import pytest

from tests.modos.ground import Trap
from tests.modos.transfer import shared
from tests.modos.transfer.conftest import MIB, held, in_pieces, md5_of, noise, put_all

nats_server, bus, folder, spawn_worker = shared.nats_server, shared.bus, shared.folder, shared.spawn_worker
way, way_is_good, mover = shared.way, shared.way_is_good, shared.mover

LARGE = {"data.zarr/zarr.json": b"{}", "reads.bam": noise(12 * MIB + 17)}


@pytest.fixture
def trap(way):
    """Holds the large file when some of it has come."""
    return way.set_trap(Trap("GET .*reads.bam", after=5 * MIB))


async def test_answers_that_break_off_are_gone_on_with(mover, objects, s3_bucket, modo, way):
    await put_all(s3_bucket, LARGE)
    in_pieces(way)
    begun = way.connections

    moved = await (await objects.download(modo)).result(timeout=90)

    assert await objects.contents(moved) == LARGE
    assert moved.checksum == md5_of(LARGE)
    assert way.connections > begun + 12


async def test_a_file_that_is_replaced_midway_comes_as_it_is_then(mover, objects, s3_bucket, modo, way, trap):
    await put_all(s3_bucket, LARGE)
    job = await objects.download(modo)
    await held(trap)

    changed = LARGE | {"reads.bam": noise(12 * MIB + 17)}
    await put_all(s3_bucket, changed)
    way.cut()
    trap.let_go()

    moved = await job.result(timeout=90)
    assert await objects.contents(moved) == changed
    assert moved.checksum == md5_of(changed)
    assert (await job.status()).attempt == 1


async def test_a_store_that_is_away_for_a_while_is_waited_for(mover, objects, s3_bucket, modo, way, trap):
    await put_all(s3_bucket, LARGE)
    job = await objects.download(modo)
    await held(trap)

    way.away = True
    trap.let_go()
    await asyncio.sleep(4)
    way.away = False

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
