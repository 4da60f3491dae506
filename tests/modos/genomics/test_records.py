"""Records in regions: what pysam finds with an index, out of a stream that has none."""

import io
import json
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pysam
import pytest

from scibus.contracts.modos.slices import Region
from scibus.contracts.problems import InvalidRequest, NotFound
from scibus.modos.genomics.reading import Selection
from scibus.modos.genomics.records import RecordStream, file_content
from tests.modos.genomics.samples import CONTIGS, Samples

FORMATS = ["BAM", "CRAM", "VCF", "BCF"]


def selection(samples: Samples, form: Any, *regions: Region) -> Selection:
    return Selection(form, regions, samples.reference if form == "CRAM" else None, f"s.{form.lower()}")


async def got(stream: RecordStream) -> bytes:
    return b"".join([piece async for piece in stream.content()])


async def table(samples: Samples, form: str, *regions: Region) -> list[dict[str, Any]]:
    stream = RecordStream(file_content(samples.of(form)), selection(samples, form, *regions))
    found = pa.ipc.open_stream(await got(stream)).read_all().to_pylist()
    assert stream.count == len(found)
    return list(found)


def opened(path: Path, samples: Samples) -> Any:
    if path.suffix in (".bam", ".cram"):
        return pysam.AlignmentFile(str(path), reference_filename=str(samples.reference))
    return pysam.VariantFile(str(path))


def lines(records: Any) -> list[str]:
    return [str(record.to_string() if hasattr(record, "to_string") else record) for record in records]


def by_index(path: Path, samples: Samples, regions: list[Region]) -> list[str]:
    """What lies in `regions` as pysam's index has it, once each, in the order of the file."""
    with opened(path, samples) as file:
        wanted: set[str] = set()
        for region in regions:
            end = {} if region.end is None else {"stop": region.end}
            wanted |= set(lines(file.fetch(region.reference_name, region.start, **end)))
    with opened(path, samples) as file:
        everything = file.fetch(until_eof=True) if path.suffix in (".bam", ".cram") else file
        return [line for line in lines(everything) if line in wanted]


def random_regions(seed: int) -> list[Region]:
    chance = random.Random(seed)
    regions = []
    for _ in range(chance.randrange(1, 5)):
        name = chance.choice(list(CONTIGS))
        start = chance.randrange(2900)
        end = chance.choice([None, start + 1, start + chance.randrange(1, 600)])
        regions.append(Region(reference_name=name, start=chance.choice([start, start, None]), end=end))
    return regions


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("form", FORMATS)
async def test_the_records_are_those_that_an_index_finds(samples, tmp_path, form, seed):
    regions = random_regions(seed)
    expected = by_index(samples.of(form), samples, regions)

    stream = RecordStream(file_content(samples.of(form)), selection(samples, form, *regions), "file")
    copy = tmp_path / samples.of(form).name
    copy.write_bytes(await got(stream))

    with opened(copy, samples) as file, opened(samples.of(form), samples) as source:
        assert str(file.header) == str(source.header)
        assert lines(file) == expected
    assert stream.count == len(expected)
    assert len(await table(samples, form, *regions)) == len(expected)


@pytest.mark.parametrize("form", FORMATS)
async def test_without_regions_all_records_come(samples, form):
    with opened(samples.of(form), samples) as file:
        records = file.fetch(until_eof=True) if form in ("BAM", "CRAM") else file
        assert len(await table(samples, form)) == len(lines(records)) > 500


async def test_reads_that_are_placed_nowhere_come_for_a_star_only(samples):
    nowhere = await table(samples, "BAM", Region(reference_name="*"))
    assert len(nowhere) == 20
    assert {(read["reference"], read["start"], read["end"]) for read in nowhere} == {(None, None, None)}


async def test_a_read_beside_its_mate_is_one_base_long(samples):
    reads = await table(samples, "BAM", Region(reference_name="chr1"))
    lost = next(read for read in reads if read["flag"] & 4)

    here = Region(reference_name="chr1", start=lost["start"], end=lost["start"] + 1)
    after = Region(reference_name="chr1", start=lost["start"] + 1, end=lost["start"] + 2)
    assert lost["name"] in [read["name"] for read in await table(samples, "BAM", here)]
    assert lost["name"] not in [read["name"] for read in await table(samples, "BAM", after)]


async def test_an_empty_region_holds_nothing(samples):
    assert await table(samples, "BAM", Region(reference_name="chr1", start=500, end=500)) == []


@pytest.mark.parametrize("form", ["BAM", "CRAM"])
async def test_a_read_as_a_row(samples, form):
    rows = {row["name"]: row for row in await table(samples, form)}
    with opened(samples.of(form), samples) as file:
        for read in file.fetch(until_eof=True):
            row = rows[read.query_name]
            assert (row["flag"], row["reference"], row["mapq"]) == (
                read.flag,
                read.reference_name,
                read.mapping_quality,
            )
            assert (row["sequence"], row["cigar"]) == (read.query_sequence, read.cigarstring)
            assert row["qualities"] == read.to_string().split("\t")[10]
            assert json.loads(row["tags"]).items() >= {"RG": "rg", "XF": 0.5, "XA": [1, -2]}.items()
            if not read.is_unmapped:
                assert (row["start"], row["end"]) == (read.reference_start, read.reference_end)


@pytest.mark.parametrize("form", ["VCF", "BCF"])
async def test_a_variant_as_a_row(samples, form):
    rows = await table(samples, form)
    with opened(samples.of(form), samples) as file:
        for row, record in zip(rows, file, strict=True):
            assert (row["chrom"], row["start"], row["end"]) == (record.chrom, record.start, record.stop)
            assert (row["id"], row["ref"], row["qual"]) == (record.id, record.ref, record.qual)
            assert tuple(row["alt"]) == (record.alts or ())
            assert row["filter"] == list(record.filter)
            info = json.loads(row["info"])
            assert info["DP"] == record.info["DP"]
            assert info.get("DB", False) == record.info["DB"]
            assert json.loads(row["samples"])["s1"] == {"GT": "0|1"}


async def test_long_reads_make_small_batches(samples, tmp_path):
    path = tmp_path / "long.bam"
    header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6"}})
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for number in range(10):
            read = pysam.AlignedSegment(header)
            read.query_name, read.flag, read.query_sequence = f"r{number}", 4, "ACGT" * 250_000
            file.write(read)

    stream = RecordStream(file_content(path), Selection("BAM"))
    batches = list(pa.ipc.open_stream(await got(stream)))

    assert sum(batch.num_rows for batch in batches) == 10
    assert max(batch.num_rows for batch in batches) <= 3


@pytest.mark.parametrize(("form", "mode"), [("BAM", "wb"), ("CRAM", "wc")])
async def test_reads_without_any_reference_are_read_and_written(tmp_path, form, mode):
    path = tmp_path / "raw"
    header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6", "SO": "unsorted"}})
    with pysam.AlignmentFile(str(path), mode, header=header) as file:
        read = pysam.AlignedSegment(header)
        read.query_name, read.flag, read.query_sequence = "r", 4, "ACGT"
        file.write(read)

    rows = pa.ipc.open_stream(await got(RecordStream(file_content(path), Selection(form)))).read_all().to_pylist()
    copy = await got(RecordStream(file_content(path), Selection(form, [Region(reference_name="*")]), "file"))

    assert [(row["name"], row["sequence"], row["qualities"]) for row in rows] == [("r", "ACGT", None)]
    (tmp_path / "copy").write_bytes(copy)
    with pysam.AlignmentFile(str(tmp_path / "copy"), check_sq=False) as file:
        assert lines(file.fetch(until_eof=True)) == [read.to_string()]


async def test_a_plain_vcf_stays_plain(samples, tmp_path):
    plain = tmp_path / "plain.vcf"
    with pysam.VariantFile(str(samples.vcf)) as file:
        plain.write_text(str(file.header) + "".join(map(str, file)))

    stream = RecordStream(file_content(plain), Selection("VCF", [Region(reference_name="chr2")]), "file")
    copy = await got(stream)

    assert copy.startswith(b"##fileformat=VCF")
    assert len([line for line in copy.splitlines() if not line.startswith(b"#")]) == stream.count > 50


async def test_a_vcf_without_contigs_in_its_header_is_read_and_written(tmp_path):
    path = tmp_path / "bare.vcf"
    path.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nz\t5\t.\tA\tC\t.\t.\tX=1;Y\n")
    wanted = Selection("VCF", [Region(reference_name="z", start=4, end=5)])

    rows = pa.ipc.open_stream(await got(RecordStream(file_content(path), wanted))).read_all().to_pylist()
    copy = await got(RecordStream(file_content(path), wanted, "file"))

    assert json.loads(rows[0]["info"]) == {"X": "1", "Y": True}
    assert copy.endswith(b"z\t5\t.\tA\tC\t.\t.\tX=1;Y\n")


async def test_an_unknown_sequence_is_told(samples):
    with pytest.raises(NotFound, match="chrX"):
        await table(samples, "BAM", Region(reference_name="chrX"))


async def test_variants_are_never_placed_nowhere(samples):
    with pytest.raises(InvalidRequest, match=r"\*"):
        await table(samples, "VCF", Region(reference_name="*"))


async def test_empty_pieces_and_single_bytes_are_fine(samples):
    data = samples.bam.read_bytes()

    async def dripping() -> AsyncGenerator[bytes, None]:
        for at in range(3000):
            yield data[at : at + 1]
            yield b""
        yield data[3000:]

    stream = RecordStream(dripping(), Selection("BAM"))
    assert pa.ipc.open_stream(io.BytesIO(await got(stream))).read_all().num_rows > 1000
