"""A new object is what zarr and the published client would have written, and is never half there."""

import hashlib
import json
from pathlib import Path

import pytest

from scibus.contracts.modos import CreateOrder
from scibus.contracts.problems import Conflict, InvalidRequest
from scibus.modos.editing.creating import create
from scibus.modos.editing.layout import Layout
from tests.modos.editing.parts import INDEX, READS, contents, element, example, metadata, node, placed, read

SAMPLE = Path(__file__).parents[4] / "shared" / "samples" / "modos" / "ex" / "data.zarr"


async def test_an_object_has_its_elements_with_all_links_as_full_names(example_place, store):
    seen = await metadata(store)

    assert list(seen) == [
        "ex",
        "assay/assay1",
        "data/demo1",
        "reference/reference1",
        "sample/sample1",
        "sequence/chr1_f1f8f4",
    ]
    assert seen["ex"] == {
        "@type": "MODO",
        "id": "ex",
        "creation_date": "2024-01-17T00:00:00",
        "last_update_date": "2026-11-30",
        "description": "an example",
        "has_assay": ["assay/assay1"],
    }
    assert seen["assay/assay1"]["omics_type"] == ["GENOMICS"]
    assert seen["assay/assay1"]["has_data"] == ["data/demo1"]
    assert seen["data/demo1"] == {
        "@type": "DataEntity",
        "data_format": "CRAM",
        "has_sample": ["sample/sample1"],
        "has_reference": ["reference/reference1"],
        "data_path": "demo1.cram",
        "data_checksum": hashlib.blake2b(READS).hexdigest(),
    }


async def test_content_lies_where_data_path_says_with_its_index_beside_it(example_place, store):
    files = await contents(store)

    assert files["proj/ex/demo1.cram"] == READS
    assert files["proj/ex/demo1.cram.crai"] == INDEX
    assert node(files, "data/demo1")["data_path"] == "demo1.cram"
    assert json.loads(files["proj/ex/data.zarr/sample/zarr.json"]) == {
        "attributes": {},
        "zarr_format": 3,
        "node_type": "group",
    }


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample object is not here")
def test_files_are_written_as_zarr_writes_them():
    layout = Layout.read((SAMPLE / "zarr.json").read_bytes(), "sample")
    again = Layout.new(layout.attributes)
    for path, attributes in reversed(layout.elements.items()):
        again.add(path, attributes)

    assert again.encoded().decode() == (SAMPLE / "zarr.json").read_text().rstrip("\n")
    for name, content in again.all_files().items():
        assert content.decode() == (SAMPLE.parent / name).read_text().rstrip("\n")


async def test_an_object_is_never_made_over_another(example_place, store):
    before = await contents(store)

    with pytest.raises(Conflict) as raised:
        await create(example_place, CreateOrder(path="s3://bucket/proj/ex"))

    assert not raised.value.details.retryable
    assert await contents(store) == before


async def test_an_object_that_appears_meanwhile_is_not_overwritten(place, store):
    async def slow(ref):
        await create(placed(store), CreateOrder(path="s3://bucket/proj/ex", attributes={"name": "first"}))
        async for piece in read(ref):
            yield piece

    order = CreateOrder(path="s3://bucket/proj/ex", elements=example().elements[2:3])
    with pytest.raises(Conflict):
        await create(place, order, slow)

    assert (await metadata(store))["ex"]["name"] == "first"


async def test_a_repeated_attempt_takes_over_what_the_first_made_but_nothing_else(example_place, store):
    before = await contents(store)

    again = await create(example_place, example(), read, repeated=True)
    with pytest.raises(Conflict):
        await create(example_place, CreateOrder(path="s3://bucket/proj/ex", id="other"), repeated=True)

    assert again.changed[:2] == ["ex", "assay/assay1"]
    assert again.meta == await metadata(store)
    assert await contents(store) == before


async def test_an_object_of_zarr_2_is_in_the_way_too(place, store):
    await store.put_async("proj/ex/data.zarr/.zmetadata", b"{}")

    with pytest.raises(Conflict, match="zarr 2"):
        await create(place, example(), read)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (element("a", "Assay"), "elements.0.attributes.omics_type"),
        (element("a", "Assay", omics_type=[], has_sample="s"), "elements.0.attributes.has_sample"),
        (element("d", "DataEntity", data_format="CRAM"), "elements.0.attributes.data_path"),
        (element("s", "Sample", part_of="nobody"), "elements.0.part_of"),
        (element("s", "Sample", part_of="/"), "elements.0.part_of"),
        (element("ex", "Sample"), "elements.0.id"),
        (element("q", "ReferenceSequence", sequence_md5="ABC"), "elements.0.attributes.sequence_md5"),
        (element("g", "ReferenceGenome", data_path="x", has_sequence="q"), "elements.0.attributes.has_sequence"),
        (element("s", "Sample", id="t"), "elements.0.attributes.id"),
        (element("s", "Sample", sex=["Male", "Female"]), "elements.0.attributes.sex"),
    ],
)
async def test_what_does_not_fit_is_told_by_field_and_nothing_is_made(folder, wrong, field):
    with pytest.raises(InvalidRequest) as raised:
        await create(placed(folder), CreateOrder(path="s3://bucket/proj/ex", elements=[wrong]))

    assert field in [error.field for error in raised.value.details.errors]
    assert await contents(folder) == {}


async def test_an_unknown_type_is_refused_with_those_there_are(folder):
    order = CreateOrder(path="s3://bucket/proj/ex", elements=[element("x", "Experiment")])

    with pytest.raises(InvalidRequest, match="Assay, Sample, DataEntity"):
        await create(placed(folder), order)


@pytest.mark.parametrize("name", ["..", ".hidden", "__x", "zarr.json", "a/b", "", "a" * 201])
def test_an_id_never_leads_elsewhere(name):
    with pytest.raises(ValueError, match="id"):
        element(name, "Sample")


async def test_content_that_is_not_what_the_order_says_is_not_kept(folder):
    wrong = element("d", "DataEntity", data_format="BAM", data_checksum="0" * 128, source=example().elements[1].source)

    with pytest.raises(InvalidRequest, match="BLAKE2b"):
        await create(placed(folder), CreateOrder(path="s3://bucket/proj/ex", elements=[wrong]), read)

    assert await contents(folder) == {}
