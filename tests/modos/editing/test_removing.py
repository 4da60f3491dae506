"""An element goes with its file and all links to it, and nothing else goes."""

import pytest

from scibus.contracts.modos import AddOrder, RemoveOrder
from scibus.contracts.problems import NotFound
from scibus.modos.editing.adding import add
from scibus.modos.editing.removing import remove
from tests.modos.editing.parts import blob, contents, element, metadata, node, read


def order(name, **members):
    return RemoveOrder(modo="ex", element=name, **members)


async def test_an_element_goes_with_its_file_its_index_and_the_links_to_it(example_place, store):
    edited = await remove(example_place, order("data/demo1"))

    seen, files = await metadata(store), await contents(store)
    assert edited.meta == seen
    assert edited.changed == ["data/demo1", "assay/assay1"]
    assert "data/demo1" not in seen
    assert "has_data" not in seen["assay/assay1"]
    assert node(files, "assay/assay1") == seen["assay/assay1"]
    assert not [key for key in files if "demo1" in key]
    assert "proj/ex/reference.fa" in files


async def test_links_in_any_writing_go_and_other_links_stay(example_place, store):
    key = "proj/ex/data.zarr/zarr.json"
    before = bytes(await (await store.get_async(key)).bytes_async())
    after = before.replace(b'"has_assay": [\n      "assay/assay1"\n    ]', b'"has_assay": "assay1"')
    await store.put_async(key, after.replace(b'"sample/sample1"\n', b'"sample1",\n "/sample/other"\n'))

    edited = await remove(example_place, order("assay/assay1"))
    await remove(example_place, order("sample/sample1"))

    seen = await metadata(store)
    assert edited.changed == ["assay/assay1", "ex"]
    assert "has_assay" not in seen["ex"]
    assert seen["data/demo1"]["has_sample"] == ["sample/other"]
    assert seen["data/demo1"]["has_reference"] == ["reference/reference1"]


async def test_a_file_stays_where_another_element_names_it_or_as_was_asked(example_place, store):
    twin = element("twin", "AlignmentSet", data_format="CRAM", data_path="./demo1.cram")
    await add(example_place, AddOrder(modo="ex", elements=[twin]))

    await remove(example_place, order("data/demo1"))
    await remove(example_place, order("reference/reference1", keep_file=True))
    assert {"proj/ex/demo1.cram", "proj/ex/demo1.cram.crai", "proj/ex/reference.fa"} <= set(await contents(store))

    await remove(example_place, order("data/twin"))
    assert not [key for key in await contents(store) if "demo1" in key]


async def test_an_index_stays_where_another_element_names_it(example_place, store):
    index = element("index", "DataEntity", data_format="TSV", data_path="demo1.cram.crai")
    await add(example_place, AddOrder(modo="ex", elements=[index]))

    await remove(example_place, order("data/demo1"))

    files = await contents(store)
    assert "proj/ex/demo1.cram" not in files
    assert "proj/ex/demo1.cram.crai" in files


@pytest.mark.parametrize(
    "path", ["https://a.b/demo1.cram", "/proj/ex/demo1.cram", "../ex/demo1.cram", "data.zarr/zarr.json"]
)
async def test_a_path_that_leads_elsewhere_removes_no_file(example_place, store, path):
    files = set(await contents(store))
    await add(
        example_place, AddOrder(modo="ex", elements=[element("x", "DataEntity", data_format="CRAM", data_path=path)])
    )

    await remove(example_place, order("data/x"))

    assert set(await contents(store)) == files


async def test_what_is_below_an_element_goes_with_it_but_no_neighbour(example_place, store):
    await add(
        example_place, AddOrder(modo="ex", elements=[element("demo10", "DataEntity", data_format="TSV", data_path="t")])
    )
    await store.put_async("proj/ex/data.zarr/data/demo1/counts/c/0", b"chunk")

    await remove(example_place, order("data/demo1"))

    files = await contents(store)
    assert "proj/ex/data.zarr/data/demo10/zarr.json" in files
    assert not [key for key in files if key.startswith("proj/ex/data.zarr/data/demo1/")]


async def test_an_element_that_is_not_there_is_told_unless_an_earlier_attempt_removed_it(example_place, store):
    told = []

    async def note(changed):
        told.append(changed)

    await remove(example_place, order("data/demo1"), note=note)
    before = await contents(store)

    with pytest.raises(NotFound, match="data/demo1"):
        await remove(example_place, order("data/demo1"))
    again = await remove(example_place, order("data/demo1"), noted=told[0])

    assert again.changed == ["data/demo1", "assay/assay1"]
    assert await contents(store) == before


async def test_an_element_can_be_added_again_when_it_was_removed(example_place, store):
    await remove(example_place, order("data/demo1"))
    again = element("demo1", "DataEntity", data_format="CRAM", source=blob(b"other", "demo1.cram"))

    await add(example_place, AddOrder(modo="ex", elements=[again]), read)

    assert (await contents(store))["proj/ex/demo1.cram"] == b"other"
