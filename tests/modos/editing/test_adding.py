"""Elements come with their files and links; none takes the place of another."""

import pytest

from scibus.contracts.modos import AddOrder
from scibus.contracts.problems import BadBackendAnswer, Conflict, InvalidRequest, NotFound, Unsupported
from scibus.modos.editing.adding import add
from tests.modos.editing.parts import READS, blob, contents, element, metadata, node, read


def order(*elements):
    return AddOrder(modo="ex", elements=elements)


async def test_elements_are_added_with_the_links_to_them(example_place, store):
    edited = await add(
        example_place,
        order(
            element(
                "calls1", "VariantSet", data_format="VCF", data_path="calls.vcf.gz", has_sample=["/sample/sample2"]
            ),
            element("sample2", "Sample", part_of="data/demo1", taxon_id="NCIT:C14225", description=None),
            element("assay2", "Assay", omics_type=["GENOMICS"], has_data="calls1"),
        ),
        read,
    )

    seen, files = await metadata(store), await contents(store)
    assert edited.meta == seen
    assert edited.changed == ["data/calls1", "sample/sample2", "assay/assay2", "data/demo1", "ex"]
    assert seen["data/calls1"]["has_sample"] == ["sample/sample2"]
    assert seen["data/demo1"]["has_sample"] == ["sample/sample1", "sample/sample2"]
    assert seen["ex"]["has_assay"] == ["assay/assay1", "assay/assay2"]
    assert seen["sample/sample2"] == {"@type": "Sample", "taxon_id": ["NCIT:C14225"]}
    assert {name: node(files, name) for name in seen if "/" in name} == {n: a for n, a in seen.items() if "/" in n}


async def test_older_links_become_lists_of_full_names_when_one_is_added(example_place, store):
    await rewrite(
        store, lambda text: text.replace(b'"has_assay": [\n      "assay/assay1"\n    ]', b'"has_assay": "assay1"')
    )

    await add(example_place, order(element("assay2", "Assay", omics_type="PROTEOMICS")))

    assert (await metadata(store))["ex"]["has_assay"] == ["assay/assay1", "assay/assay2"]


async def test_what_an_edit_does_not_touch_stays_arrays_too(example_place, store):
    array = b'"data/demo1/counts": {"shape": [3], "node_type": "array", "attributes": {"unit": "1"}},\n      "assay": {'
    await rewrite(store, lambda text: text.replace(b'"assay": {', array, 1))

    await add(example_place, order(element("s3", "Sample")))

    text = (await contents(store))["proj/ex/data.zarr/zarr.json"]
    assert (await metadata(store))["data/demo1/counts"] == {"unit": "1"}
    assert b'"shape": [\n          3\n        ]' in text


async def test_a_file_that_is_there_is_replaced_by_no_other_content(example_place, store):
    theirs, ours = b"A" * 5000, b"B" * 5000
    await store.put_async("proj/ex/x.txt", theirs)
    new = {"data_format": "TSV", "data_path": "x.txt"}

    with pytest.raises(Conflict, match="another content"):
        await add(example_place, order(element("x", "DataEntity", source=blob(ours), **new)), read)
    assert (await contents(store))["proj/ex/x.txt"] == theirs
    assert "data/x" not in await metadata(store)

    await add(example_place, order(element("x", "DataEntity", source=blob(theirs), **new)), read)
    assert (await contents(store))["proj/ex/x.txt"] == theirs


async def test_an_element_that_is_there_is_a_conflict_but_not_for_a_repeated_attempt(example_place, store):
    new = order(element("s2", "Sample", sex="Female"))
    await add(example_place, new)
    before = await contents(store)

    with pytest.raises(Conflict):
        await add(example_place, new)
    again = await add(example_place, new, repeated=True)
    with pytest.raises(Conflict):
        await add(example_place, order(element("s2", "Sample", sex="Male")), repeated=True)

    assert again.changed == ["sample/s2"]
    assert await contents(store) == before


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (element("sample1", "Assay", omics_type="GENOMICS"), "elements.0.id"),
        (element("x", "DataEntity", data_format="CRAM", data_path="x", has_sample="nobody"), "elements.0.attributes"),
        (
            element("x", "DataEntity", data_format="CRAM", data_path="x", has_sample="data/demo1"),
            "elements.0.attributes",
        ),
        (element("x", "DataEntity", data_format="CRAM", source=blob(READS, "demo1.cram")), "elements.0.source"),
        (element("x", "DataEntity", data_format="CRAM", data_path="../x", source=blob(READS)), "elements.0.attributes"),
        (element("x", "DataEntity", data_format="CRAM", data_path="/x", source=blob(READS)), "elements.0.attributes"),
        (
            element("x", "DataEntity", data_format="CRAM", data_path="data.zarr/zarr.json", source=blob(READS)),
            "elements.0.attributes",
        ),
        (element("x", "Sample", source=blob(READS, "x.bam")), "elements.0.attributes"),
        (element("x", "Sample", part_of="reference1"), "elements.0.part_of"),
        (
            element("x", "DataEntity", data_format="TSV", source=blob(READS, "x.tsv"), index=blob(b"i")),
            "elements.0.index",
        ),
    ],
)
async def test_what_does_not_fit_the_object_changes_nothing(example_place, store, new, field):
    before = await contents(store)

    with pytest.raises(InvalidRequest) as raised:
        await add(example_place, order(new), read)

    assert [error.field[: len(field)] for error in raised.value.details.errors] == [field]
    assert await contents(store) == before


async def test_a_file_of_nobody_is_not_replaced_by_another(example_place, store):
    await store.put_async("proj/ex/new.bam", b"somebody's")

    with pytest.raises(Conflict, match=r"new\.bam"):
        await add(
            example_place, order(element("x", "AlignmentSet", data_format="BAM", source=blob(READS, "new.bam"))), read
        )

    assert (await contents(store))["proj/ex/new.bam"] == b"somebody's"


async def test_an_index_is_stored_beside_its_file(example_place, store):
    new = element(
        "x",
        "VariantSet",
        data_format="VCF",
        data_path="v/x.vcf.gz",
        source=blob(READS),
        index=blob(b"i", "a.vcf.gz.csi"),
    )
    await add(example_place, order(new), read)

    assert (await contents(store))["proj/ex/v/x.vcf.gz.csi"] == b"i"


async def test_somebody_elses_change_meanwhile_is_not_undone(example_place, store):
    async def slow(ref):
        await add(example_place, order(element("theirs", "Sample")))
        async for piece in read(ref):
            yield piece

    ours = order(element("ours", "ReferenceGenome", data_path="o.fa", source=blob(b">a\nA\n")))
    with pytest.raises(Conflict) as raised:
        await add(example_place, ours, slow)
    assert raised.value.details.retryable
    assert "reference/ours" not in await metadata(store)

    await add(example_place, ours, read, repeated=True)
    assert {"reference/ours", "sample/theirs"} <= set(await metadata(store))


async def test_a_place_without_an_object_that_can_be_changed_is_told(place, store):
    new = order(element("s", "Sample"))
    with pytest.raises(NotFound):
        await add(place, new)
    await store.put_async("proj/ex/data.zarr/.zmetadata", b"{}")
    with pytest.raises(Unsupported, match="zarr 2"):
        await add(place, new)
    await store.put_async("proj/ex/data.zarr/zarr.json", b'{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    with pytest.raises(BadBackendAnswer, match="consolidate"):
        await add(place, new)


async def rewrite(store, change):
    key = "proj/ex/data.zarr/zarr.json"
    before = bytes(await (await store.get_async(key)).bytes_async())
    assert change(before) != before
    await store.put_async(key, change(before))
