"""Exports whatever dies: one order at JSOC per job, one at a time per address, nothing fetched twice."""

import asyncio
from collections import Counter

from scibus.runtime.files.journal import SAVE_SECONDS
from scibus.sandbox.standin import Fault
from tests.holding import Held
from tests.processes import TAKEN_OVER

TWO_MAGNETOGRAMS = "hmi.m_45s[2013.07.03_08:42_TAI/90s]{magnetogram}"
DOPPLERGRAMS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
LONG_NAMES = "{T_REC:A}." + "x" * 180 + ".{segment}"


def orders(jsoc):
    return jsoc.count("exp_request")


def fetched(jsoc):
    """How often each file was asked for, in the order of its first time."""
    return list(Counter(request.path for request in jsoc.log.of("download")).values())


async def test_a_killed_worker_does_not_export_twice(spawn_drms, exports, jsoc):
    jsoc.pending_for(polls=1000)
    first = await spawn_drms(**TAKEN_OVER)
    await exports.submit("k1", TWO_MAGNETOGRAMS)
    await jsoc.received("exp_status")

    await first.killed()
    jsoc.pending_for(polls=0)
    await spawn_drms()

    exported = await exports.files("k1")
    assert len(exported.files) == 2
    assert exported.requestid.endswith("_001")
    assert orders(jsoc) == 1


async def test_a_worker_killed_while_its_order_is_on_the_wire_does_not_export_twice(spawn_drms, exports, jsoc):
    jsoc.pending_for(polls=3)
    held = Held(operation="exp_request")
    jsoc.faults.inject(held)
    first = await spawn_drms(**TAKEN_OVER)
    await exports.submit("w1", TWO_MAGNETOGRAMS)
    await jsoc.received("exp_request")

    await first.killed()
    held.let_go()
    await spawn_drms()

    exported = await exports.files("w1")
    assert len(exported.files) == 2
    assert exported.requestid.endswith("_001")
    assert orders(jsoc) == 1


async def test_exports_of_one_address_take_turns_on_two_workers(spawn_drms, exports, jsoc):
    jsoc.pending_for(polls=3)
    await spawn_drms()
    await spawn_drms()
    minutes = [f"hmi.v_45s[2013.07.03_08:{minute}_TAI]" for minute in (10, 20, 30)]

    await asyncio.gather(*(exports.submit(f"t{i}", ds) for i, ds in enumerate(minutes)))

    exported = await asyncio.gather(*(exports.files(f"t{i}") for i in range(3)))
    assert len({one.requestid for one in exported}) == 3
    assert orders(jsoc) == 3
    assert {(await exports.reaches(f"t{i}", "succeeded"))["attempt"] for i in range(3)} == {1}


async def test_files_that_a_dead_worker_fetched_are_not_fetched_again(spawn_drms, exports, jsoc):
    second, third = Held(operation="download", path="*084245*"), Held(operation="download", path="*084330*")
    jsoc.faults.inject(second)
    jsoc.faults.inject(third)
    first = await spawn_drms(**TAKEN_OVER)
    await exports.submit("d1", DOPPLERGRAMS)
    await jsoc.received("download", 2)
    # A file that is finished is noted when the notes are as old as that.
    await asyncio.sleep(1.1 * SAVE_SECONDS)
    second.let_go()
    await exports.notes("d1", files=2)
    await jsoc.received("download", 3)

    await first.killed()
    await spawn_drms()

    assert len((await exports.files("d1")).files) == 4
    assert fetched(jsoc) == [1, 1, 2, 1]
    assert (await exports.reaches("d1", "succeeded"))["progress"]["done"] == 4


async def test_a_file_that_breaks_off_is_tried_again_later_and_was_never_shown(spawn_drms, exports, jsoc, bus):
    jsoc.faults.inject(Fault(operation="download", cut_after=0, times=None))
    await spawn_drms(SCIBUS_DRMS_ATTEMPTS="1")
    await exports.submit("b1", TWO_MAGNETOGRAMS)
    problem = (await exports.reaches("b1", "retrying"))["problem"]

    jsoc.faults.clear()
    files = (await exports.files("b1")).files

    assert problem["type"] == "urn:scibus:problem:backend-unavailable"
    assert "could not be fetched whole: 0 of 23040 bytes came" in problem["detail"]
    store = await bus.connection.jetstream().object_store("scibus_blobs")
    assert {entry.name for entry in await store.list()} == {file.blob.name for file in files}
    assert orders(jsoc) == 1


async def test_hundreds_of_fetched_files_survive_a_failed_attempt(spawn_drms, exports, jsoc):
    jsoc.faults.inject(Fault(operation="download", path="*105915*", close="before"))
    await spawn_drms(SCIBUS_DRMS_ATTEMPTS="1")

    exported = await exports.done("h1", "hmi.v_45s[2013.07.03_08:00_TAI/3h]", filenamefmt=LONG_NAMES)

    assert len(exported.files) == 240
    assert len({file.blob.name for file in exported.files}) == 240
    assert sum(fetched(jsoc)) == 241
    assert (await exports.reaches("h1", "succeeded"))["attempt"] == 2
