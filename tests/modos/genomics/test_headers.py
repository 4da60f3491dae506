"""Sequences that headers name: all of them, from as little of the file as holds them."""

from collections.abc import AsyncGenerator
from hashlib import md5

import pysam
import pytest

from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer
from scibus.modos.genomics.headers import MOST_BYTES, HeaderSequence, header_sequences
from scibus.modos.genomics.reading import Selection
from tests.modos.genomics.samples import CONTIGS

PIECE = 64 * 1024
UNKNOWN = md5(b"ACGT").hexdigest()


class Source:
    """The content of a file, and how much of it was taken."""

    def __init__(self, data: bytes, fails_after: int | None = None) -> None:
        self.taken = 0
        self.is_closed = False
        self._data = data
        self._fails_after = fails_after

    async def content(self) -> AsyncGenerator[bytes, None]:
        try:
            for at in range(0, len(self._data), PIECE):
                if self._fails_after is not None and at >= self._fails_after:
                    raise BackendUnavailable("the store is away")
                self.taken += len(self._data[at : at + PIECE])
                yield self._data[at : at + PIECE]
        finally:
            self.is_closed = True


async def sequences(data, form, fails_after=None):
    return await header_sequences(Source(data, fails_after).content(), Selection(form, name=f"s.{form.lower()}"))


@pytest.mark.parametrize("form", ["BAM", "CRAM"])
async def test_alignments_tell_digests(samples, form):
    found = await sequences(samples.of(form).read_bytes(), form)

    fasta = pysam.FastaFile(str(samples.reference))
    assert found == [HeaderSequence(name, md5(fasta.fetch(name).encode()).hexdigest()) for name in CONTIGS]


@pytest.mark.parametrize("form", ["VCF", "BCF"])
async def test_variants_tell_names(samples, form):
    assert await sequences(samples.of(form).read_bytes(), form) == [HeaderSequence(name) for name in CONTIGS]


async def test_what_else_headers_say_is_told_but_no_files_of_somebodys_machine():
    sam = (
        "@HD\tVN:1.6\n"
        f"@SQ\tSN:chr1\tLN:4\tM5:{UNKNOWN.upper()}\tUR:https://example.org/genome.fa\tDS:the first\n"
        "@SQ\tSN:chr2\tLN:4\tM5:none\tUR:/home/somebody/genome.fa\n"
        "@SQ\tSN:chr3\tLN:4\tUR:file:/home/somebody/genome.fa\n"
    )
    vcf = (
        "##fileformat=VCFv4.3\n"
        f'##contig=<ID=chr1,length=4,md5={UNKNOWN},URL="https://example.org/genome.fa",Description="the first">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    )
    first = HeaderSequence("chr1", UNKNOWN, "https://example.org/genome.fa", "the first")

    assert await sequences(sam.encode(), "BAM") == [first, HeaderSequence("chr2"), HeaderSequence("chr3")]
    assert await sequences(vcf.encode(), "VCF") == [first]


@pytest.mark.parametrize("where", ["/a.fa", "file:a.fa", "http:", "http://", "http://[x", "://x", "s3:// x"])
async def test_a_source_that_is_no_address_is_none(where):
    [found] = await sequences(f"@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:4\tUR:{where}\n".encode(), "BAM")

    assert found == HeaderSequence("chr1", uri=where if where == "http://[x" else None)


@pytest.mark.parametrize("line", ["@SQ\tSN:chr1\tLN:4\tDS:gen\xe9tique", "@SQ\tSN:chr1\tLN:4\n@CO\tpr\xe9cis"])
async def test_a_header_that_is_no_text_is_a_problem(line):
    with pytest.raises(BadBackendAnswer, match=r"the header of s\.bam cannot be read: it is not UTF-8"):
        await sequences(f"@HD\tVN:1.6\n{line}\n".encode("latin-1"), "BAM")


async def test_a_header_of_variants_that_is_no_text_is_a_problem():
    contig = '##contig=<ID=chr1,length=4,Description="gen\xe9tique">'
    text = f"##fileformat=VCFv4.3\n{contig}\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"

    with pytest.raises(BadBackendAnswer, match=r"the header of s\.vcf cannot be read: it is not UTF-8"):
        await sequences(text.encode("latin-1"), "VCF")


@pytest.mark.parametrize("form", ["BAM", "CRAM"])
async def test_no_more_is_read_than_the_header_takes(samples, form):
    source = Source(samples.of(form).read_bytes() + bytes(200 * PIECE))

    assert len(await header_sequences(source.content(), Selection(form))) == len(CONTIGS)
    assert source.taken < 100 * PIECE
    assert source.is_closed


# Of some broken files pysam says a second time that they are.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("form", ["BAM", "CRAM", "VCF", "BCF"])
@pytest.mark.parametrize("kept", [0, 20, 100])
async def test_a_cut_header_is_a_problem(samples, form, kept):
    with pytest.raises(BadBackendAnswer, match=rf"s\.{form.lower()} is broken or cut"):
        await sequences(samples.of(form).read_bytes()[:kept], form)


async def test_what_is_something_else_is_a_problem(samples):
    with pytest.raises(BadBackendAnswer, match="cannot be read as VCF"):
        await sequences(samples.bam.read_bytes(), "VCF")


async def test_a_header_without_end_is_given_up():
    source = Source(b"##fileformat=VCFv4.3\n" + b"##a=b\n" * ((MOST_BYTES + 10 * PIECE) // 6))

    with pytest.raises(BadBackendAnswer):
        await header_sequences(source.content(), Selection("VCF"))

    assert MOST_BYTES <= source.taken <= MOST_BYTES + PIECE
    assert source.is_closed


async def test_a_source_that_fails_tells_more_than_what_came_of_it():
    vcf = b"##fileformat=VCFv4.3\n" + b"##a=b\n" * PIECE

    with pytest.raises(BackendUnavailable, match="the store is away"):
        await sequences(vcf, "VCF", fails_after=PIECE)
