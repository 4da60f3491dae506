"""Streams that are what their format says, and streams that are not."""

import gzip
import random

import pysam
import pytest

from scibus.contracts.problems import BadBackendAnswer
from scibus.modos.htsget.ending import FormatCheck, checked
from scibus.modos.htsget.formats import BGZF_END, CRAM_2_END, CRAM_END
from tests.modos.genomics.samples import alignment_header

FORMATS = ["BAM", "CRAM", "VCF", "BCF"]


async def through(data, form, sizes=(10_000,), **options):
    async def pieces():
        at, turn = 0, 0
        while at < len(data):
            size = sizes[turn % len(sizes)]
            yield data[at : at + size]
            at, turn = at + size, turn + 1

    check = FormatCheck(form, **options)
    return b"".join([piece async for piece in checked(pieces(), check)]), check.is_mended


def end_of(form):
    return CRAM_END if form == "CRAM" else BGZF_END


@pytest.mark.parametrize("sizes", [(1,), (17,), (18, 1, 3), (64, 65), (4096,), (10**9,)])
@pytest.mark.parametrize("form", FORMATS)
async def test_whole_files_pass_however_they_are_cut(samples, form, sizes):
    data = samples.of(form).read_bytes()
    assert data.endswith(end_of(form))
    assert await through(data, form, sizes) == (data, False)
    assert await through(data, form, sizes, mends=False) == (data, False)


@pytest.mark.parametrize("form", FORMATS)
async def test_a_missing_end_is_added_to_whole_pieces_only(samples, form):
    data = samples.of(form).read_bytes()
    bare = data[: -len(end_of(form))]
    assert await through(bare, form) == (data, True)
    with pytest.raises(BadBackendAnswer, match="may have been cut"):
        await through(bare, form, mends=False)
    chance = random.Random(form)
    for cut in [1, 3, 20, len(bare) - 1, len(data) - 1, *(chance.randrange(30, len(bare)) for _ in range(20))]:
        with pytest.raises(BadBackendAnswer):
            await through(data[:cut], form)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
async def test_one_format_is_not_another(samples, form, other):
    if form == other:
        return
    with pytest.raises(BadBackendAnswer):
        await through(samples.of(form).read_bytes(), other)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "data", [b"", b"<html>not found</html>", b"\x1f\x8b\x08\x04", BGZF_END, CRAM_END, b"CRAM", b"##file"]
)
async def test_what_is_none_of_them_is_refused(form, data):
    with pytest.raises(BadBackendAnswer):
        await through(data, form)


@pytest.mark.parametrize("form", FORMATS)
async def test_nothing_is_handed_on_of_what_begins_wrong(samples, form):
    other = b"CRAM\x09" if form == "CRAM" else samples.of("BCF" if form == "BAM" else "BAM").read_bytes()
    came = []

    async def pieces():
        for at in range(0, len(other), 2):
            yield other[at : at + 2]

    async def read():
        async for piece in checked(pieces(), FormatCheck(form)):
            came.append(piece)  # noqa: PERF401 - what came before it raises counts

    with pytest.raises(BadBackendAnswer):
        await read()
    assert came == []


@pytest.mark.parametrize("form", ["BAM", "VCF", "BCF"])
async def test_a_page_between_blocks_is_found(samples, form):
    data = samples.of(form).read_bytes()
    first = int.from_bytes(data[16:18], "little") + 1
    with pytest.raises(BadBackendAnswer, match="no BGZF"):
        await through(data[:first] + b"<html>404</html>" + data[first:], form)


async def test_empty_blocks_between_others_are_fine(samples):
    data = samples.bam.read_bytes()
    first = int.from_bytes(data[16:18], "little") + 1
    mixed = BGZF_END + data[:first] + BGZF_END * 3 + data[first:] + BGZF_END
    assert await through(mixed, "BAM", (7,)) == (mixed, False)


async def test_a_block_with_further_fields_is_followed(samples):
    data = samples.bam.read_bytes()
    size = int.from_bytes(data[16:18], "little") + 1
    extra = b"XY\x03\x00abc" + data[12:16] + (size + 7 - 1).to_bytes(2, "little")
    mixed = data[:10] + len(extra).to_bytes(2, "little") + extra + data[18:]
    assert await through(mixed, "BAM", (5,)) == (mixed, False)


async def test_plain_gzip_is_no_bgzf():
    data = gzip.compress(b"##fileformat=VCFv4.2\n")
    with pytest.raises(BadBackendAnswer):
        await through(data, "VCF")


async def test_a_plain_vcf_needs_no_end():
    data = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    assert await through(data, "VCF", (3,)) == (data, False)


@pytest.mark.parametrize("version", ["2.1", "3.0", "3.1"])
async def test_versions_of_cram(samples, tmp_path, version):
    path = tmp_path / "v.cram"
    with (
        pysam.AlignmentFile(str(samples.bam)) as source,
        pysam.AlignmentFile(
            str(path),
            "wc",
            header=source.header,
            reference_filename=str(samples.reference),
            format_options=[f"version={version}".encode()],
        ) as file,
    ):
        for read in source.fetch(until_eof=True):
            file.write(read)
    data = path.read_bytes()
    end = CRAM_2_END if version == "2.1" else CRAM_END
    assert data.endswith(end)
    assert await through(data, "CRAM", (50,)) == (data, False)
    assert await through(data[: -len(end)], "CRAM") == (data, True)


async def test_a_cram_that_goes_on_after_its_end_is_refused(samples):
    data = samples.cram.read_bytes()
    with pytest.raises(BadBackendAnswer, match="after its end"):
        await through(data + data[26:], "CRAM")


async def test_a_header_alone_is_a_file(tmp_path):
    path = tmp_path / "header.bam"
    pysam.AlignmentFile(str(path), "wb", header=alignment_header({"c": "ACGT"})).close()
    assert await through(path.read_bytes(), "BAM") == (path.read_bytes(), False)
