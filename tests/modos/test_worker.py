"""The worker on the bus: what people ask of a deployment, and what becomes of it."""

import json
import secrets

import pysam
import pytest
from pyarrow import ipc

from scibus.contracts.modos import MetadataQuery
from scibus.contracts.problems import Conflict, InvalidRequest, NotFound, Unsupported
from tests import standing
from tests.modos.judging import local_file, records_between

nats_server, bus, folder, spawn_worker = standing.nats_server, standing.bus, standing.folder, standing.spawn_worker
modos_stand_in, modos = standing.modos_stand_in, standing.modos

EX, GIAB = "s3://modos-demo/ex", "s3://modos-demo/GIAB"
pytestmark = pytest.mark.usefixtures("modos")


async def chunks(data):
    yield data


async def content(bus, blob):
    return b"".join([chunk async for chunk in bus.blobs.read(blob)])


async def test_objects_are_listed_page_by_page(bus):
    assert (await bus.modos.list()).data == [GIAB, EX, "s3://modos-demo/proj/nested-ex"]
    page = await bus.modos.list(prefix="proj/", limit=1)
    assert (page.data, page.total) == (["s3://modos-demo/proj/nested-ex"], 1)


async def test_the_metadata_of_one(bus):
    [one] = (await bus.modos.metadata(modo=EX)).data

    assert one.meta["ex"]["@type"] == "MODO"
    assert one.meta["data/demo1"]["data_path"] == "demo1.cram"


async def test_names_alike(bus):
    [found] = (await bus.modos.find(query="GIAC", fuzzy=True)).data

    assert (found.path, found.score) == (GIAB, 0.75)
    assert (await bus.modos.find(query="GIAC")).data == []


async def test_files_and_elements(bus):
    files = await bus.modos.files(modo=EX)
    elements = await bus.modos.elements(modo=EX, group="data")

    assert {"demo1.bam", "demo1.bam.bai", "data.zarr/zarr.json"} <= {file.name for file in files.files}
    assert [(one.element, one.type, one.data_path) for one in elements.elements] == [
        ("data/demo1", "DataEntity", "demo1.cram"),
        ("data/demo1-bam", "DataEntity", "demo1.bam"),
    ]


@pytest.mark.parametrize(("form", "begins"), [("json", "{"), ("yaml", "'@type'"), ("turtle", "@prefix")])
async def test_an_element_is_shown(bus, form, begins):
    shown = await bus.modos.show(modo=EX, element="sample/sample1", format=form)

    assert shown.text.startswith(begins)


async def test_an_unknown_element_tells_which_there_are(bus):
    with pytest.raises(NotFound, match="sample/sample1"):
        await bus.modos.show(modo=EX, element="nosuch")


async def test_a_slice_of_reads_is_a_file_of_its_own(bus, tmp_path, modos_stand_in):
    job = await bus.modos.stream.submit(modo=EX, file="demo1.bam", regions=["chr1:1000-9000"])
    found = await job.result(timeout=60)
    path = await bus.blobs.download(found.blob, tmp_path / "slice.bam")

    with pysam.AlignmentFile(str(path), "rb") as file:
        names = [read.query_name for read in file]
    assert found.format == "BAM"
    assert len(set(names)) > 100
    assert set(records_between(modos_stand_in, "demo1.bam", "chr1", 1000, 9000)) <= set(names)


async def test_only_the_header(bus, tmp_path):
    job = await bus.modos.stream.submit(modo=EX, file="demo1.cram", header_only=True)
    path = await bus.blobs.download((await job.result(timeout=60)).blob, tmp_path / "header.cram")

    with pysam.AlignmentFile(str(path), "rc") as file:
        assert file.references == ("chr1", "chr2")
        assert next(file, None) is None


@pytest.mark.parametrize("file", ["demo1.bam", "demo1.cram"])
async def test_records_of_regions_are_exactly_those(bus, modos_stand_in, file):
    job = await bus.modos.records.submit(modo=EX, file=file, regions=["chr1:1000-2000", "chr2:-500"])
    found = await job.result(timeout=60)

    table = ipc.open_stream(await content(bus, found.blob)).read_all()
    wanted = records_between(modos_stand_in, file, "chr1", 1000, 2000) + records_between(
        modos_stand_in, file, "chr2", 0, 500
    )
    assert found.count == table.num_rows == len(wanted) > 10
    assert table.column("name").to_pylist() == wanted


@pytest.mark.parametrize("file", ["calls1.vcf.gz", "calls1.bcf"])
async def test_records_of_variants_as_a_file(bus, tmp_path, modos_stand_in, file):
    job = await bus.modos.records.submit(modo=GIAB, file=file, regions=["chr1:1000-20000"], table=False)
    found = await job.result(timeout=60)
    path = await bus.blobs.download(found.blob, tmp_path / found.blob.filename)

    with pysam.VariantFile(str(path)) as got, pysam.VariantFile(str(local_file(modos_stand_in, file))) as whole:
        assert [(one.chrom, one.pos) for one in got] == [
            (one.chrom, one.pos) for one in whole.fetch("chr1", 1000, 20000)
        ]
    assert found.count > 10


async def test_an_unknown_sequence_is_told(bus):
    job = await bus.modos.stream.submit(modo=EX, file="demo1.bam", regions=["chrX"])

    with pytest.raises(NotFound):
        await job.result(timeout=60)


async def test_a_file_that_htsget_does_not_have(bus):
    job = await bus.modos.stream.submit(modo=EX, file="reference.fa")

    with pytest.raises(Unsupported, match=r"htsget has \.bam"):
        await job.result(timeout=60)


async def test_a_region_that_is_none_is_refused_at_once(bus):
    with pytest.raises((InvalidRequest, ValueError), match="before start"):
        await bus.modos.stream.submit(modo=EX, file="demo1.bam", regions=["chr1:10-5"])


async def test_an_object_comes_whole_and_goes_back(bus, modos_stand_in):
    got = await (await bus.modos.download.submit(modo=GIAB)).result(timeout=60)

    files = [{"name": file.name, "blob": file.blob.model_dump()} for file in got.files]
    stored = await (await bus.modos.upload.submit(path="s3://modos-demo/copy", files=files)).result(timeout=60)
    again = await (await bus.modos.download.submit(modo="s3://modos-demo/copy")).result(timeout=60)

    assert got.checksum is not None
    assert [(file.name, file.sha256) for file in again.files] == [(file.name, file.sha256) for file in got.files]
    assert again.checksum == got.checksum
    assert [(file.name, file.sha256) for file in stored.files] == [(file.name, file.sha256) for file in got.files]
    for file in got.files:
        await modos_stand_in.buckets.delete("modos-demo", f"copy/{file.name}")


async def test_an_object_is_made_changed_and_taken_apart(bus):
    path = "s3://modos-demo/mine"
    made = await (
        await bus.modos.create.submit(
            path=path, attributes={"description": "mine"}, elements=[{"id": "s1", "type": "Sample"}]
        )
    ).result(timeout=60)
    added = await (
        await bus.modos.add.submit(
            modo=path,
            elements=[
                {
                    "id": "d1",
                    "type": "DataEntity",
                    "attributes": {"has_sample": "s1", "data_path": "d1.cram", "data_format": "CRAM"},
                }
            ],
        )
    ).result(timeout=60)
    updated = await (
        await bus.modos.update.submit(modo=path, element="sample/s1", attributes={"description": "blood"})
    ).result(timeout=60)
    removed = await (await bus.modos.remove.submit(modo=path, element="sample/s1")).result(timeout=60)

    assert list(made.meta) == ["mine", "sample/s1"]
    assert added.meta["data/d1"]["has_sample"] == ["sample/s1"]
    assert updated.meta["sample/s1"]["description"] == "blood"
    assert list(removed.meta) == ["mine", "data/d1"]
    assert "sample/s1" not in json.dumps(removed.meta)
    [read] = (await bus.modos.metadata(modo=path)).data
    assert read.meta == removed.meta
    assert path in (await bus.modos.list()).data


@pytest.mark.parametrize("operation", ["create", "upload"])
async def test_nothing_is_made_inside_of_an_object(bus, operation):
    blob = await bus.blobs.put(f"made/{operation}/{secrets.token_hex(4)}", chunks(b"text"), media_type="text/plain")
    more = {"files": [{"name": "a.txt", "blob": blob}]} if operation == "upload" else {}
    folder = await getattr(bus.modos, operation).submit(path=f"{EX}/data.zarr/inside", **more)
    place = await getattr(bus.modos, operation).submit(path=f"{EX}/deeper/inside", **more)

    with pytest.raises(InvalidRequest, match="no object is inside of another"):
        await folder.result(timeout=60)
    with pytest.raises(InvalidRequest, match=f"is inside of the object {EX}"):
        await place.result(timeout=60)


async def test_a_new_object_replaces_none(bus):
    job = await bus.modos.create.submit(path=GIAB)

    with pytest.raises(Conflict, match="choose another path"):
        await job.result(timeout=60)


async def test_sequences_are_published_and_fetched(bus):
    published = await (await bus.modos.publish.submit(modo=EX, file="reference.fa")).result(timeout=60)

    first = published.sequences[0]
    part = await bus.modos.refget_sequence(id=first.ga4gh)
    assert (part.verified, len(part.sequence)) == (True, first.length)


async def test_what_headers_name_becomes_elements(bus):
    variants = await (await bus.modos.enrich.submit(modo=GIAB)).result(timeout=60)
    published = (await (await bus.modos.publish.submit(modo=EX, file="reference.fa")).result(timeout=60)).sequences
    paths = [f"sequence/{sequence.name}_{sequence.md5[:6]}" for sequence in published]
    await (await bus.modos.remove.submit(modo=EX, element=paths[1])).result(timeout=60)
    alignments = await (await bus.modos.enrich.submit(modo=EX, elements=["data/demo1"])).result(timeout=60)
    again = await (await bus.modos.enrich.submit(modo=EX)).result(timeout=60)

    assert variants.changed == ["sequence/chr1", "sequence/chr2"]
    assert alignments.changed == [paths[1], "reference/reference1"]
    assert alignments.meta[paths[1]]["sequence_md5"] == published[1].md5
    assert alignments.meta["reference/reference1"]["has_sequence"] == paths
    assert again.changed == []
    assert (variants.skipped, again.skipped) == ({}, {})


async def test_metadata_answers_fit_their_model(bus):
    answer = await bus.modos.metadata()

    assert answer.total == len(answer.data) >= 3
    assert MetadataQuery().modo is None
