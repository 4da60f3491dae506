"""URLs of files at an htsget server, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scibus.contracts.modos.slices import Region
from scibus.contracts.problems import InvalidRequest, Unsupported
from scibus.modos.htsget.addresses import HtsgetFile, htsget_file, parse_htsget_url

BASE = "https://modos.example.org/htsget"


@pytest.mark.parametrize(
    ("file", "url", "form"),
    [
        ("demo1.cram", "reads/ex/demo1", "CRAM"),
        ("demo1.BAM", "reads/ex/demo1", "BAM"),
        ("x.y.bam", "reads/ex/x.y", "BAM"),
        ("spec-v4.3.vcf.gz", "variants/ex/spec-v4.3", "VCF"),
        ("calls.Vcf.Gz", "variants/ex/calls", "VCF"),
        ("calls.vcf", "variants/ex/calls", "VCF"),
        ("deep/er/calls1.bcf", "variants/ex/deep/er/calls1", "BCF"),
        ("a b#c?.bam", "reads/ex/a%20b%23c%3F", "BAM"),
        ("é.bam", "reads/ex/%C3%A9", "BAM"),
    ],
)
def test_a_file_has_an_address(file, url, form):
    found = htsget_file("ex", file)
    assert (found.url(BASE), found.format) == (f"{BASE}/{url}", form)


def test_the_base_may_end_with_a_slash_and_the_prefix_may_be_nested_or_empty():
    assert htsget_file("proj/ex", "a.bam").url(BASE + "/") == f"{BASE}/reads/proj/ex/a"
    assert htsget_file("", "a.bam").url("https://h/") == "https://h/reads/a"


@pytest.mark.parametrize("file", ["a.sam", "a.fa", "a.fq", "a.bam.c4gh", "a.txt", "a", "a.mzTab", "a.vcf.gz.tbi"])
def test_other_files_are_refused_and_it_is_said_what_is_taken(file):
    with pytest.raises(Unsupported, match=r"\.cram, \.vcf"):
        htsget_file("ex", file)


def test_a_format_makes_up_for_a_missing_suffix():
    assert htsget_file("ex", "reads.dat", "CRAM") == HtsgetFile("ex/reads.dat", "CRAM")
    assert htsget_file("ex", "a.bam", "CRAM") == HtsgetFile("ex/a", "CRAM")


@pytest.mark.parametrize(
    ("prefix", "file"), [("ex", ".bam"), ("ex", "x/.bam"), ("..", "a.bam"), ("", "service-info.bam")]
)
def test_names_that_lead_nowhere_are_refused(prefix, file):
    with pytest.raises(InvalidRequest):
        htsget_file(prefix, file)


def test_reads_cannot_be_had_as_variants():
    with pytest.raises(InvalidRequest, match="VCF"):
        htsget_file("ex", "a.bam", "VCF")


def test_regions_and_classes_are_asked_for():
    file = HtsgetFile("ex/a", "BAM")
    region = Region(reference_name="HLA-A*01:01&x", start=5)
    assert file.ticket_url(BASE, region) == f"{BASE}/reads/ex/a?format=BAM&referenceName=HLA-A%2A01%3A01%26x&start=5"
    assert file.ticket_url(BASE, header_only=True) == f"{BASE}/reads/ex/a?format=BAM&class=header"


part = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=20).filter(
    lambda text: text not in (".", "..", "reads", "variants", "service-info")
)
position = st.none() | st.integers(0, 2**31 - 1)


@given(st.lists(part, min_size=1, max_size=3), st.sampled_from(["BAM", "CRAM", "VCF", "BCF"]), part, position, position)
def test_an_address_is_read_as_it_was_written(parts, form, name, start, end):
    file = HtsgetFile("/".join(parts), form)
    ends = None if end is None or name == "*" else max(end, start or 0)
    region = Region(reference_name=name, start=None if name == "*" else start, end=ends)

    assert parse_htsget_url(file.ticket_url(BASE, region)) == (BASE, file, region, False)


def test_an_address_without_a_format_has_the_usual_one():
    assert parse_htsget_url("http://h:1/reads/a") == ("http://h:1", HtsgetFile("a", "BAM"), None, False)
    assert parse_htsget_url("http://h/x/variants/a?class=header").file.format == "VCF"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/reads/a",
        "http://h/a",
        "http://h/reads/",
        "http://h/reads/service-info",
        "http://h/reads/a?format=VCF",
        "http://h/reads/a?start=5",
        "http://h/reads/a?referenceName=c&start=-1",
        "http://h/reads/a?referenceName=c&start=9&end=5",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InvalidRequest):
        parse_htsget_url(url)
