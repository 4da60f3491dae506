"""Sequences by their digests: as the specification has it, and as refget-cloud does it."""

import base64
import hashlib

import pytest

from scibus.sandbox.modos.samples.genome import contigs

SEQUENCE = contigs()[1].sequence
MD5 = hashlib.md5(SEQUENCE.encode()).hexdigest()
DIGEST = hashlib.sha512(SEQUENCE.encode()).digest()[:24]
SQ = "SQ." + base64.urlsafe_b64encode(DIGEST).decode()
TRUNC512 = DIGEST.hex()
UNKNOWN = "f" * 32


@pytest.fixture
def cloud(modos):
    modos.configure({"refget": "cloud"})


@pytest.mark.parametrize("name", [MD5, MD5.upper(), SQ, TRUNC512, f"md5:{MD5}", f"ga4gh:{SQ}", f"trunc512:{TRUNC512}"])
async def test_a_sequence_has_several_names(ask, name):
    answer = await ask.get(f"refget/sequence/{name}")

    assert (answer.status_code, answer.text) == (200, SEQUENCE)
    assert answer.headers["content-type"] == "text/vnd.ga4gh.refget.v2.0.0+plain"


async def test_a_part_is_half_open_by_start_and_end(ask):
    answers = [await ask.get(f"refget/sequence/{MD5}?{query}") for query in ("start=10&end=20", "start=44990", "end=5")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.text for answer in answers] == [SEQUENCE[10:20], SEQUENCE[44990:], SEQUENCE[:5]]


async def test_a_part_is_inclusive_by_range(ask):
    answer = await ask.get(f"refget/sequence/{MD5}", {"Range": "bytes=10-19"})

    assert (answer.status_code, answer.text) == (206, SEQUENCE[10:20])
    assert answer.headers["content-range"] == "bytes 10-19/45000"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (UNKNOWN, {}, 404),
        (f"{UNKNOWN}/metadata", {}, 404),
        ("nonsense", {}, 400),
        (MD5, {"Accept": "image/png"}, 406),
        (f"{MD5}?start=x", {}, 400),
        (f"{MD5}?start=20&end=10", {}, 501),
        (f"{MD5}?start=99999", {}, 416),
        (f"{MD5}?start=1&end=99999", {}, 416),
        (f"{MD5}?start=1", {"Range": "bytes=1-2"}, 400),
        (MD5, {"Range": "bytes=99999-100000"}, 416),
        (MD5, {"Range": "bases=1-2"}, 400),
    ],
)
async def test_what_cannot_be_had_has_its_status(ask, path, headers, status):
    assert (await ask.get(f"refget/sequence/{path}", headers or None)).status_code == status


async def test_metadata_name_the_digests(ask):
    names = {"md5": MD5, "ga4gh": SQ, "trunc512": TRUNC512}

    metadata = await ask.json(f"refget/sequence/{SQ}/metadata")

    assert metadata == {"metadata": {**names, "length": 45_000, "aliases": []}}


@pytest.mark.parametrize("path", ["service-info", "sequence/service-info"])
async def test_the_service_tells_what_it_is(ask, path):
    info = await ask.json(f"refget/{path}")

    assert info["type"] == {"group": "org.ga4gh", "artifact": "refget", "version": "2.0.0"}
    assert info["refget"]["algorithms"] == ["md5", "ga4gh", "trunc512"]


async def test_what_is_put_into_the_bucket_is_found(modos, ask):
    await modos.buckets.write("reference-genomes", {"sequence/f1f8f4bf413b16ad135722aa4591043e": b"ACGT"})

    assert (await ask.get("refget/sequence/SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2")).text == "ACGT"


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}])
async def test_the_cloud_sends_clients_to_the_store(modos, http, ask, cloud, headers):
    sent = await ask.get(f"refget/sequence/{MD5}", headers)
    answer = await http.get(sent.headers["location"], headers=headers)

    assert sent.status_code == 302
    assert sent.headers["location"] == f"{modos.block_url}reference-genomes/sequence/{MD5}"
    assert answer.text == (SEQUENCE[:10] if headers else SEQUENCE)


async def test_the_cloud_sends_clients_to_where_nothing_is(http, ask, cloud):
    sent = await ask.get(f"refget/sequence/{UNKNOWN}")
    answer = await http.get(sent.headers["location"])

    assert (sent.status_code, answer.status_code) == (302, 404)
    assert "<Code>NoSuchKey</Code>" in answer.text


async def test_the_cloud_has_nothing_under_the_newer_names(http, ask, cloud):
    sent = await ask.get(f"refget/sequence/{SQ}")
    answer = await http.get(sent.headers["location"])

    assert (sent.status_code, answer.status_code, answer.content) == (302, 200, b"")


async def test_metadata_of_the_cloud_are_flat(http, ask, cloud):
    sent = await ask.get(f"refget/sequence/{MD5}/metadata")

    assert (await http.get(sent.headers["location"])).json() == {"md5": MD5, "ga4gh": SQ, "length": 45_000}


@pytest.mark.parametrize(
    ("query", "headers", "status", "text"),
    [
        ("start=0&end=10", {}, 200, SEQUENCE[:10]),
        ("start=44990", {}, 200, SEQUENCE[44990:]),
        ("start=99999", {}, 200, ""),
        ("start=10&end=5", {}, 501, "end MUST be higher than start"),
        ("start=x", {}, 400, "start/end must be unsigned int"),
        ("start=1&end=2", {"Range": "bytes=0-9"}, 400, "Cannot provide both sequence start/end AND Range"),
        ("", {"Accept": "image/png"}, 406, "requested media type(s) not supported"),
    ],
)
async def test_the_cloud_serves_parts_itself(ask, cloud, query, headers, status, text):
    answer = await ask.get(f"refget/sequence/{MD5}?{query}", headers or None)

    assert answer.status_code == status
    assert text in answer.text


async def test_the_cloud_is_of_the_first_version(ask, cloud):
    info = (await ask.json("refget/sequence/service-info"))["service"]

    assert (info["supported_api_versions"], info["subsequence_limit"]) == (["1.0"], 300_000)
    assert (await ask.get("refget/service-info")).status_code == 404
