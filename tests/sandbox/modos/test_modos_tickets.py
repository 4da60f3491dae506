"""htsget tickets, and the files that come of them."""

from hashlib import md5

import pysam
import pytest

BGZF_EOF = "data:;base64,H4sIBAAAAAAA/wYAQkMCABsAAwAAAAAAAAAAAA=="
CRAM_EOF = "data:;base64,DwAAAP////8P4EVPRgAAAAABAAW92U8AAQAGBgEAAQABAO5jAUs="
FILES = [
    ("reads/ex/demo1", "BAM"),
    ("reads/ex/demo1", "CRAM"),
    ("variants/GIAB/calls1", "VCF"),
    ("variants/GIAB/calls1", "BCF"),
]
REGIONS = [
    ("chr1", 0, None),
    ("chr1", 1000, 1200),
    ("chr1", 16_384, 16_390),
    ("chr1", 100_000, None),
    ("chr2", None, 700),
    ("chr2", 20_000, 40_000),
    ("chr2", 44_000, 90_000),
]


def texts(records):
    return [str(record) for record in records]


def chromosome(record):
    return record.chrom if isinstance(record, pysam.VariantRecord) else record.reference_name


def span(record):
    if isinstance(record, pysam.VariantRecord):
        return record.start, record.stop
    return record.reference_start, record.reference_end or record.reference_start + 1


def overlapping(records, reference, start, end):
    """What of `records` is in the region, 0-based and half-open."""
    spans = [(record, *span(record)) for record in records if chromosome(record) == reference]
    return [one for one, first, last in spans if last > (start or 0) and (end is None or first < end)]


@pytest.mark.parametrize(("identifier", "form"), FILES)
async def test_a_whole_file_comes_byte_by_byte(ask, identifier, form):
    ticket = await ask.ticket(identifier, format=form)

    assert ticket["format"] == form
    assert await ask.content(ticket) == ask.local(identifier, form).read_bytes()
    assert ticket["urls"][-1]["url"] == (CRAM_EOF if form == "CRAM" else BGZF_EOF)


@pytest.mark.parametrize(("identifier", "form"), FILES)
@pytest.mark.parametrize(("reference", "start", "end"), REGIONS)
async def test_a_region_comes_as_a_valid_file_that_lacks_none_of_its_records(
    ask, identifier, form, reference, start, end
):
    bounds = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
    ticket = await ask.ticket(identifier, format=form, referenceName=reference, **bounds)
    file = await ask.saved(ticket)

    with ask.opened(file) as part, ask.opened(ask.local(identifier, form)) as whole:
        got = texts(overlapping(part, reference, start, end))
        assert got == texts(whole.fetch(reference, start, end))
        assert str(part.header) == str(whole.header)
    assert file.stat().st_size < ask.local(identifier, form).stat().st_size
    assert ticket["urls"][-1]["url"] == (CRAM_EOF if form == "CRAM" else BGZF_EOF)


async def test_a_region_of_a_bam_brings_more_than_was_asked_for(ask):
    file = await ask.saved(await ask.ticket("reads/ex/demo1", referenceName="chr1", start=1000, end=1200))

    with ask.opened(file) as reads:
        records = list(reads)
    assert 0 < len(overlapping(records, "chr1", 1000, 1200)) < len(records) < 5000


async def test_reads_without_a_match_of_their_own_come_with_their_mates(ask):
    file = await ask.saved(await ask.ticket("reads/ex/demo1", referenceName="chr1", start=0, end=60_000))

    with ask.opened(file) as reads:
        lost = [read for read in reads if read.is_unmapped]
    assert lost
    assert all(read.reference_name == "chr1" and not read.mate_is_unmapped for read in lost)


@pytest.mark.parametrize("form", ["BAM", "CRAM"])
async def test_reads_without_a_place_have_a_name(ask, form):
    file = await ask.saved(await ask.ticket("reads/ex/demo1", format=form, referenceName="*"))

    with ask.opened(file) as reads:
        records = [(read.reference_id, read.is_unmapped) for read in reads.fetch(until_eof=True)]
    assert records == [(-1, True)] * 60


@pytest.mark.parametrize("form", ["BAM", "CRAM"])
async def test_a_post_names_several_regions_and_each_record_comes_once(ask, form):
    regions = [
        {"referenceName": "chr2", "start": 20_000},
        {"referenceName": "chr1", "start": 1_000, "end": 20_000},
        {"referenceName": "chr1", "start": 5_000, "end": 30_000},
    ]
    file = await ask.saved(await ask.posted("reads/ex/demo1", format=form, regions=regions))

    with ask.opened(file) as part, ask.opened(ask.local("reads/ex/demo1", form)) as whole:
        records = list(part)
        wanted = texts(whole.fetch("chr1", 1_000, 30_000)) + texts(whole.fetch("chr2", 20_000))
    got = overlapping(records, "chr1", 1_000, 30_000) + overlapping(records, "chr2", 20_000, None)
    assert texts(got) == wanted
    assert len({(read.query_name, read.flag) for read in records}) == len(records)


async def test_a_post_without_regions_is_the_whole_file(ask):
    ticket = await ask.posted("variants/GIAB/calls1")

    assert ticket["format"] == "VCF"
    assert await ask.content(ticket) == ask.local("variants/GIAB/calls1", "VCF").read_bytes()


@pytest.mark.parametrize(("identifier", "form"), FILES)
async def test_header_and_body_come_apart(ask, identifier, form):
    header = await ask.ticket(identifier, format=form, **{"class": "header"})
    body = await ask.ticket(identifier, format=form, **{"class": "body"})

    assert {entry["class"] for entry in header["urls"]} == {"header"}
    assert {entry["class"] for entry in body["urls"]} == {"body"}
    whole = ask.local(identifier, form).read_bytes()
    assert await ask.content(header) + await ask.content(body) == whole


async def test_all_urls_tell_their_class_or_none(modos, ask):
    with_classes = await ask.ticket("reads/ex/demo1")
    modos.configure({"classes": False})
    without = await ask.ticket("reads/ex/demo1")

    assert all("class" in entry for entry in with_classes["urls"])
    assert not any("class" in entry for entry in without["urls"])


async def test_the_size_of_blocks_can_be_set(modos, ask):
    modos.configure({"block_size": 50_000})
    ticket = await ask.ticket("reads/ex/demo1")
    blocks = await ask.blocks(ticket)

    assert len(blocks) > 10
    assert max(len(block) for block in blocks) == 50_000
    assert b"".join(blocks) == ask.local("reads/ex/demo1", "BAM").read_bytes()


async def test_ids_have_slashes_plain_or_encoded(ask):
    plain = await ask.ticket("reads/proj/nested-ex/demo1", format="CRAM")
    encoded = await ask.ticket("reads/proj%2Fnested-ex%2Fdemo1", format="CRAM")

    assert await ask.content(plain) == await ask.content(encoded)


@pytest.mark.parametrize(("setting", "is_right"), [("right", True), ("wrong", False)])
async def test_a_ticket_may_carry_a_digest(modos, ask, setting, is_right):
    modos.configure({"md5": setting})
    ticket = await ask.ticket("reads/ex/demo1", referenceName="chr2")

    assert (md5(await ask.content(ticket)).hexdigest() == ticket["md5"]) is is_right


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("reads/ex/nothing", 404, "NotFound"),
        ("variants/GIAB/calls1?format=BAM", 400, "UnsupportedFormat"),
        ("reads/ex/demo1?format=bam", 400, "UnsupportedFormat"),
        ("reads/ex/demo1?referenceName=chr9", 404, "NotFound"),
        ("reads/ex/demo1?start=1", 400, "InvalidInput"),
        ("reads/ex/demo1?referenceName=*&start=1", 400, "InvalidInput"),
        ("reads/ex/demo1?referenceName=chr1&start=-1", 400, "InvalidInput"),
        ("reads/ex/demo1?referenceName=chr1&start=x", 400, "InvalidInput"),
        ("reads/ex/demo1?referenceName=chr1&start=5&end=4", 400, "InvalidRange"),
        ("reads/ex/demo1?class=header&referenceName=chr1", 400, "InvalidInput"),
        ("reads/ex/demo1?class=tail", 400, "InvalidInput"),
        ("reads/ex/demo1?tags=NM&notags=NM", 400, "InvalidInput"),
    ],
)
async def test_what_is_not_allowed_has_its_name(ask, path, status, error):
    answer = await ask.get(f"htsget/{path}")

    assert (answer.status_code, answer.json()["htsget"]["error"]) == (status, error)
    assert answer.json()["htsget"]["message"]
    assert answer.headers["content-type"] == "application/vnd.ga4gh.htsget.v1.0.0+json; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"regions": []}, "InvalidInput"),
        ({"regions": [{"start": 1}]}, "InvalidInput"),
        ({"regions": [{"referenceName": "chr1", "start": 5, "end": 5}]}, "InvalidRange"),
        ({"regions": [{"referenceName": "chr1", "start": 2**32}]}, "InvalidInput"),
        ({"colour": "red"}, "InvalidInput"),
        ({"format": "VCF"}, "UnsupportedFormat"),
        ([], "InvalidInput"),
    ],
)
async def test_what_is_not_allowed_in_a_post_has_its_name(modos, http, body, error):
    answer = await http.post(f"{modos.url}htsget/reads/ex/demo1", json=body)

    assert (answer.status_code, answer.json()["htsget"]["error"]) == (400, error)


async def test_a_post_has_no_query(modos, http):
    answer = await http.post(f"{modos.url}htsget/reads/ex/demo1?format=BAM", json={})

    assert (answer.status_code, answer.json()["htsget"]["error"]) == (400, "InvalidInput")


@pytest.mark.parametrize(("kind", "formats"), [("reads", ["BAM", "CRAM"]), ("variants", ["VCF", "BCF"])])
async def test_the_service_tells_what_it_is(ask, kind, formats):
    info = await ask.json(f"htsget/{kind}/service-info")

    assert info["type"] == {"group": "org.ga4gh", "artifact": "htsget", "version": "1.3.0"}
    assert (info["htsget"]["datatype"], info["htsget"]["formats"]) == (kind, formats)
