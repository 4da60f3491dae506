"""Slices and records out of the stand-in's htsget server: its tickets are a superset, ours are exact."""

import random

import httpx
import pyarrow as pa
import pysam
import pytest

from scibus.contracts.modos.slices import Region
from scibus.contracts.problems import InvalidRequest, NotFound
from scibus.modos.genomics.reading import Selection
from scibus.modos.genomics.records import RecordStream
from scibus.modos.htsget.addresses import htsget_file
from scibus.modos.htsget.blocks import block_client
from scibus.modos.htsget.server import HtsgetServer
from scibus.modos.htsget.slicing import SliceOf, Slices, slice_with_records
from scibus.runtime.http import unobserved
from scibus.runtime.http.web_service import WebService
from scibus.sandbox.modos.samples.files import genome_files
from scibus.sandbox.modos.stand_in import ModosStandIn

FILES = {"BAM": "demo1.bam", "CRAM": "demo1.cram", "VCF": "calls1.vcf.gz", "BCF": "calls1.bcf"}
OBJECTS = {"BAM": "ex", "CRAM": "ex", "VCF": "GIAB", "BCF": "GIAB"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("genome")
    for name, content in genome_files().items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
async def modos():
    async with ModosStandIn() as modos:
        yield modos


@pytest.fixture
async def of_stand_in(modos):
    async with httpx.AsyncClient() as http, block_client() as blocks:
        server = HtsgetServer(WebService(http, unobserved, attempts=2), modos.url + "htsget")
        yield Slices(server, blocks)


def opened(folder, form):
    path = str(folder / FILES[form])
    if form in ("BAM", "CRAM"):
        return pysam.AlignmentFile(path, reference_filename=str(folder / "reference.fa"))
    return pysam.VariantFile(path)


def keys(folder, form, region):
    with opened(folder, form) as file:
        found = file.fetch(region.reference_name, region.start, region.end)
        return [(r.query_name, r.flag) if form in ("BAM", "CRAM") else (r.id, r.pos) for r in found]


def regions_of(seed, count):
    chance = random.Random(seed)
    regions = []
    for _ in range(count):
        start = chance.randrange(40_000)
        name = chance.choice(["chr1", "chr2"])
        regions.append(Region(reference_name=name, start=start, end=start + chance.randrange(1, 3000)))
    return regions


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("form", FILES)
async def test_records_out_of_tickets_are_those_of_the_file(of_stand_in, modos, folder, form, count):
    modos.settings.change({"md5": "right", "block_size": 5000})
    for seed in range(4):
        regions = regions_of(f"{form}{seed}", count)
        slice_ = await of_stand_in.open(slice_with_records(htsget_file(OBJECTS[form], FILES[form]), regions))
        reference = folder / "reference.fa" if form == "CRAM" else None
        stream = RecordStream(slice_.content(), Selection(form, regions, reference))
        rows = pa.ipc.open_stream(b"".join([piece async for piece in stream.content()])).read_all().to_pylist()

        names = ("name", "flag") if form in ("BAM", "CRAM") else ("id", "start")
        ours = [(row[names[0]], row[names[1]] + (names[1] == "start")) for row in rows]
        expected = {key for region in regions for key in keys(folder, form, region)}
        assert (set(ours), len(ours)) == (expected, len(expected))


@pytest.mark.parametrize("form", FILES)
async def test_the_whole_file_comes_as_it_is(of_stand_in, folder, form):
    async def collect(_stream, content):
        return b"".join([piece async for piece in content])

    data = await of_stand_in.fetch(SliceOf(htsget_file(OBJECTS[form], FILES[form])), collect)
    assert data == (folder / FILES[form]).read_bytes()


@pytest.mark.parametrize("form", FILES)
async def test_a_header_alone_is_a_file(of_stand_in, folder, tmp_path, form):
    stream = await of_stand_in.open(SliceOf(htsget_file(OBJECTS[form], FILES[form]), header_only=True))
    (tmp_path / FILES[form]).write_bytes(b"".join([piece async for piece in stream.content()]))
    with opened(tmp_path, form) as header, opened(folder, form) as whole:
        assert str(header.header) == str(whole.header)


async def test_regions_that_hold_nothing_have_no_records(of_stand_in):
    regions = [Region(reference_name="chr1", start=5, end=5)]
    stream = await of_stand_in.open(slice_with_records(htsget_file("ex", "demo1.bam"), regions))
    records = RecordStream(stream.content(), Selection("BAM", regions))
    table = pa.ipc.open_stream(b"".join([piece async for piece in records.content()])).read_all()
    assert (table.num_rows, records.count) == (0, 0)


async def test_urls_that_expire_are_replaced(of_stand_in, modos, folder):
    modos.settings.change({"block_size": 10_000})
    stream = await of_stand_in.open(SliceOf(htsget_file("ex", "demo1.bam")))
    modos.blocks.expire()
    data = b"".join([piece async for piece in stream.content()])
    assert data == (folder / "demo1.bam").read_bytes()


async def test_what_it_refuses_is_told(of_stand_in):
    with pytest.raises(NotFound):
        await of_stand_in.open(SliceOf(htsget_file("ex", "none.bam")))
    with pytest.raises(NotFound):
        await of_stand_in.open(SliceOf(htsget_file("ex", "demo1.bam"), [Region(reference_name="chrX")]))
    with pytest.raises(InvalidRequest):
        await of_stand_in.open(SliceOf(htsget_file("ex", "demo1.bam"), [Region(reference_name="chr1", start=5, end=5)]))
