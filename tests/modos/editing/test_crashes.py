"""A change broken off at any write and made again ends as if nothing had happened; readers see whole objects always."""

import shutil
from contextlib import nullcontext, suppress

import pytest
from obstore.store import LocalStore

from scibus.contracts.modos import AddOrder, EnrichOrder, RemoveOrder, UpdateOrder
from scibus.contracts.problems import NotFound
from scibus.modos.editing.adding import add
from scibus.modos.editing.creating import create
from scibus.modos.editing.enriching import enrich
from scibus.modos.editing.removing import remove
from scibus.modos.editing.updating import update
from scibus.modos.genomics.headers import HeaderSequence
from tests.modos.editing.parts import (
    READS,
    Crash,
    CrashingStore,
    blob,
    contents,
    element,
    example,
    metadata,
    placed,
    read,
)

NEW = AddOrder(
    modo="ex",
    elements=[
        element("assay2", "Assay", omics_type="PROTEOMICS"),
        element("calls1", "VariantSet", data_format="VCF", source=blob(READS, "calls.vcf"), part_of="assay1"),
        element("sample2", "Sample", part_of="demo1"),
    ],
)


class Attempts:
    """Attempts of one job: what it notes is there for the next."""

    def __init__(self):
        self.number = 0
        self.noted = None

    async def note(self, changed):
        self.noted = changed

    async def make(self, change, place):
        self.number += 1
        return await change(place, self)


async def creating(place, attempts):
    return await create(place, example(), read, repeated=attempts.number > 1)


async def adding(place, attempts):
    return await add(place, NEW, read, repeated=attempts.number > 1)


async def updating(place, attempts):
    return await update(
        place, UpdateOrder(modo="ex", element="data/demo1", attributes={"has_sample": None, "name": "n"})
    )


async def removing(place, attempts):
    order = RemoveOrder(modo="ex", element="data/demo1")
    return await remove(place, order, note=attempts.note, noted=attempts.noted)


async def enriching(place, attempts):
    async def header(file, data_format):
        return [HeaderSequence("chr1", "f1f8f4bf413b16ad135722aa4591043e"), HeaderSequence("chr2")]

    return await enrich(place, EnrichOrder(modo="ex"), header, note=attempts.note, noted=attempts.noted)


async def removing_without_notes(place, attempts):
    return await remove(place, RemoveOrder(modo="ex", element="data/demo1"))


async def made(folder, *, there):
    store = LocalStore(folder, mkdir=True)
    if there:
        await create(placed(store), example(), read)
        await store.put_async("proj/ex/data.zarr/data/demo1/counts/c/0", b"of an array")
    return store


async def whole(store):
    """What readers see is consistent: links lead to elements, and files that came with elements are there."""
    try:
        seen = await metadata(store)
    except FileNotFoundError:
        return
    files = await contents(store)
    for attributes in seen.values():
        links = [one for name, value in attributes.items() if name.startswith("has_") for one in value]
        assert set(links) <= set(seen)
        assert "data_path" not in attributes or f"proj/ex/{attributes['data_path']}" in files


async def crashed_at_each_write(change, tmp_path, *, there, is_done):
    """The results of a job whose first attempt is broken off at its first write, its second, and so on."""
    for write in range(1, 60):
        folder = tmp_path / f"{write}"
        store = await made(folder, there=there)
        crashing = CrashingStore(store, write, is_done=is_done)
        attempts = Attempts()
        try:
            await attempts.make(change, placed(crashing))
        except Crash:
            await whole(store)
            yield await attempts.make(change, placed(store)), await contents(store)
            shutil.rmtree(folder)
        else:
            assert not crashing.crashed
            return


@pytest.mark.parametrize("is_done", [False, True], ids=["before the write", "after it"])
@pytest.mark.parametrize(
    ("change", "there", "writes"),
    [(creating, False, 14), (adding, True, 11), (updating, True, 3), (removing, True, 8), (enriching, True, 6)],
)
async def test_a_change_that_was_broken_off_ends_as_one_that_was_not(tmp_path, change, there, writes, is_done):
    smooth = await made(tmp_path / "smooth", there=there)
    expected, left = await Attempts().make(change, placed(smooth)), await contents(smooth)
    crashes = [found async for found in crashed_at_each_write(change, tmp_path, there=there, is_done=is_done)]

    assert len(crashes) == writes
    assert all(edited == expected for edited, _ in crashes)
    assert all(files == left for _, files in crashes)


@pytest.mark.parametrize("is_done", [False, True], ids=["before the write", "after it"])
async def test_a_removal_is_finished_by_anybody_who_asks_for_it_again(tmp_path, is_done):
    smooth = await made(tmp_path / "smooth", there=True)
    await remove(placed(smooth), RemoveOrder(modo="ex", element="data/demo1"))
    left, crashes = await contents(smooth), []
    # With its last write the removal is done but for the answer.
    with suppress(NotFound) if is_done else nullcontext():
        async for _, files in crashed_at_each_write(removing_without_notes, tmp_path, there=True, is_done=is_done):
            crashes.append(files)

    assert len(crashes) >= 7
    assert all(files == left for files in crashes)
