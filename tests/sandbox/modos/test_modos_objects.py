"""What lies in the buckets, and what can be done to it."""

import json
from hashlib import md5

import pysam
import pytest

from scibus.sandbox.modos import ModosStandIn

FILES_BESIDE_EX = {
    "demo1.bam",
    "demo1.bam.bai",
    "demo1.cram",
    "demo1.cram.crai",
    "reference.fa",
    "reference.fa.fai",
}


@pytest.fixture
async def own(tmp_path):
    """A stand-in that a test may change as it likes."""
    async with ModosStandIn(folder=tmp_path / "buckets") as stand_in:
        yield stand_in


def described(read):
    return read.query_name, read.flag, read.reference_start, read.cigarstring, read.query_sequence


async def paths(stand_in, http):
    data = (await http.get(f"{stand_in.url}list")).json()["data"]
    return [uri.removeprefix("s3://modos-demo/") for uri in data]


async def test_files_lie_beside_the_metadata(modos):
    keys = await modos.buckets.keys("modos-demo", "ex/")
    names = {key.removeprefix("ex/") for key in keys}

    assert {name for name in names if not name.startswith("data.zarr/")} == FILES_BESIDE_EX
    assert {"data.zarr/zarr.json", "data.zarr/data/zarr.json", "data.zarr/data/demo1/zarr.json"} <= names


async def test_metadata_are_zarr_3_with_all_of_it_in_the_root(modos):
    root = json.loads(await modos.buckets.read("modos-demo", "ex/data.zarr/zarr.json"))
    element = json.loads(await modos.buckets.read("modos-demo", "ex/data.zarr/data/demo1/zarr.json"))

    assert list(root) == ["attributes", "zarr_format", "consolidated_metadata", "node_type"]
    consolidated = root["consolidated_metadata"]
    assert (consolidated["kind"], consolidated["must_understand"]) == ("inline", False)
    assert list(consolidated["metadata"])[:5] == ["assay", "data", "reference", "sample", "sequence"]
    assert element == {
        "attributes": consolidated["metadata"]["data/demo1"]["attributes"],
        "zarr_format": 3,
        "node_type": "group",
    }


async def test_metadata_of_the_release_are_zarr_2(modos):
    folder = modos.buckets.place.folder / "modos-035" / "ex" / "data.zarr"
    metadata = json.loads((folder / ".zmetadata").read_bytes())

    assert metadata["zarr_consolidated_format"] == 1
    assert metadata["metadata"][".zattrs"] == json.loads((folder / ".zattrs").read_bytes())
    assert json.loads((folder / "data" / "demo1" / ".zgroup").read_bytes()) == {"zarr_format": 2}
    assert metadata["metadata"]["data/demo1/.zattrs"]["data_path"] == "demo1.cram"


async def test_the_cram_holds_what_the_bam_holds(ask):
    with ask.opened(ask.local("reads/ex/demo1", "BAM")) as bam, ask.opened(ask.local("reads/ex/demo1", "CRAM")) as cram:
        of_bam, of_cram = ([described(read) for read in reads.fetch(until_eof=True)] for reads in (bam, cram))

    assert of_bam == of_cram
    assert len(of_bam) == 5660


async def test_the_reads_are_the_same_each_time(ask):
    """Their bytes are htslib's affair."""
    with ask.opened(ask.local("reads/ex/demo1", "BAM")) as reads:
        places = "".join(
            f"{read.query_name} {read.flag} {read.reference_start} " for read in reads.fetch(until_eof=True)
        )

    assert md5(places.encode()).hexdigest() == "bac29a5158518caa195fc4866f20b190"


async def test_a_folder_of_ones_own_is_kept(tmp_path):
    async with ModosStandIn(folder=tmp_path) as stand_in:
        assert stand_in.buckets.place.url == tmp_path.as_uri()

    assert (tmp_path / "modos-demo" / "ex" / "demo1.bam").is_file()


async def test_a_temporary_folder_is_removed():
    async with ModosStandIn() as stand_in:
        folder = stand_in.buckets.place.folder
        assert folder.is_dir()

    assert not folder.exists()


async def test_many_objects_can_be_added(own, http):
    added = await own.collection.add_object(20, "many") + await own.collection.add_object()

    assert added[0] == "many/generated-000001"
    assert added[-1] == "generated/generated-000021"
    assert set(added) < set(await paths(own, http))
    meta = (await http.get(f"{own.url}meta")).json()["data"]
    assert {next(iter(entry["meta"])) for entry in meta} >= {"generated-000001", "generated-000021"}


async def test_an_object_can_be_taken_away(own, http):
    await own.collection.remove_object("ex")

    assert await paths(own, http) == ["GIAB", "proj/nested-ex"]
    assert (await http.get(f"{own.url}htsget/reads/ex/demo1")).status_code == 404


async def test_an_object_at_the_root_of_the_bucket_is_a_dot(own, http):
    content = await own.buckets.read("modos-demo", "ex/data.zarr/zarr.json")
    await own.buckets.write("modos-demo", {"data.zarr/zarr.json": content, "xdata.zarr/zarr.json": content})

    assert await paths(own, http) == ["GIAB", ".", "ex", "proj/nested-ex"]


async def test_the_release_lists_folders_that_are_no_objects(own, http):
    own.configure({"generation": "0.3.5"})
    await own.buckets.write("modos-035", {"notes/read.me": b"nothing"})

    assert (await http.get(f"{own.url}list")).json()["modos"][-1] == "s3://modos-035/notes"


async def test_a_bam_can_be_as_large_as_one_likes(own, http):
    count = await own.collection.grow_bam(2)
    file = own.buckets.place.folder / "modos-demo" / "ex" / "large.bam"

    assert file.stat().st_size == pytest.approx(2_000_000, rel=0.05)
    with pysam.AlignmentFile(str(file)) as reads:
        assert reads.mapped == count
        assert reads.count("chr1", 100_000, 110_000) == pytest.approx(10_000 / 75, abs=5)
    meta = (await http.get(f"{own.url}meta")).json()["data"][1]["meta"]
    assert meta["data/large"]["data_path"] == "large.bam"


async def test_what_is_not_there_cannot_be_changed(own):
    with pytest.raises(ValueError, match="there is no object nothing: there is GIAB, ex, proj/nested-ex"):
        await own.collection.break_object("nothing")
