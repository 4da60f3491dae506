"""Sequences of a FASTA file lie where refget-cloud looks for them, under each of their digests."""

import gzip
import hashlib
import json
import random
import tracemalloc

import pytest
from obstore.store import LocalStore

from scibus.contracts.problems import InvalidRequest, TooLarge
from scibus.modos.editing.refget import RefgetBucket, publish
from scibus.modos.editing.refget.fasta import FastaCutter
from scibus.modos.editing.refget.publishing import AT_ONCE
from tests.modos.editing.parts import Crash, CrashingStore, contents

MD5 = "f1f8f4bf413b16ad135722aa4591043e"
GA4GH = "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"
TRUNC512 = "68a178f7c740c5c240aa67ba41843b119d3bf9f8b0f0ac36"
FASTA = b">chr1 the first\nac\nGT\n\n>chr2\r\nTTTT\r\nNN*\r\n>again\nACGT"


async def pieces(content, size=7):
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def test_a_sequence_is_there_under_each_digest_as_itself_with_nested_metadata(store):
    found = await publish(RefgetBucket(store), pieces(FASTA))

    files = await contents(store)
    assert [(one.name, one.md5, one.length) for one in found.sequences] == [
        ("chr1", MD5, 4),
        ("chr2", hashlib.md5(b"TTTTNN").hexdigest(), 6),
        ("again", MD5, 4),
    ]
    for name in (MD5, GA4GH, TRUNC512):
        assert files[f"sequence/{name}"] == b"ACGT"
        assert json.loads(files[f"metadata/json/{name}.json"]) == {
            "metadata": {"md5": MD5, "ga4gh": GA4GH, "trunc512": TRUNC512, "length": 4, "aliases": []}
        }
    assert len(files) == 12


async def test_media_types_are_those_of_refget(bucket):
    await publish(RefgetBucket(bucket), pieces(FASTA))

    async def media_type(key):
        return (await bucket.get_async(key)).attributes["Content-Type"]

    plain, described = await media_type(f"sequence/{GA4GH}"), await media_type(f"metadata/json/{GA4GH}.json")
    assert plain == "text/vnd.ga4gh.refget.v1.0.0+plain; charset=us-ascii"
    assert described == "application/vnd.ga4gh.refget.v1.0.0+json; charset=us-ascii"


async def test_what_is_there_is_not_written_again(store):
    await publish(RefgetBucket(store), pieces(FASTA))

    await publish(RefgetBucket(CrashingStore(store, 1, is_done=False)), pieces(FASTA))


async def test_what_the_published_client_left_is_mended(store):
    await store.put_async(f"sequence/{MD5}", b"acgt")
    await store.put_async(f"sequence/{GA4GH}", b"")
    await store.put_async(f"metadata/json/{MD5}.json", json.dumps({"md5": MD5, "ga4gh": GA4GH, "length": 4}).encode())

    await publish(RefgetBucket(store), pieces(FASTA))

    files = await contents(store)
    assert files[f"sequence/{GA4GH}"] == files[f"sequence/{MD5}"] == b"ACGT"
    assert json.loads(files[f"metadata/json/{MD5}.json"])["metadata"]["length"] == 4


async def test_names_that_others_gave_a_sequence_are_kept(store):
    await publish(RefgetBucket(store), pieces(FASTA))
    key = f"metadata/json/{MD5}.json"
    said = json.loads((await contents(store))[key])
    said["metadata"]["aliases"] = [{"alias": "chr1", "naming_authority": "ensembl"}]
    await store.put_async(key, json.dumps(said).encode())

    await publish(RefgetBucket(store), pieces(FASTA))

    assert json.loads((await contents(store))[key]) == said


async def test_a_file_of_very_many_sequences_is_given_up_before_they_are_cut(store, monkeypatch):
    monkeypatch.setattr("scibus.modos.editing.refget.publishing.MOST_SEQUENCES", 50)
    cut = []

    class Counting(FastaCutter):
        def _begin(self):
            cut.append(1)
            return super()._begin()

    monkeypatch.setattr("scibus.modos.editing.refget.publishing.FastaCutter", Counting)

    with pytest.raises(TooLarge, match="more than 50 sequences"):
        await publish(RefgetBucket(store), pieces(gzip.compress(b">a\nA\n" * 100_000, mtime=0)))

    assert len(cut) < 50 + 2 * AT_ONCE


async def test_broken_off_at_any_write_it_is_whole_in_the_end(tmp_path):
    smooth = LocalStore(tmp_path / "smooth", mkdir=True)
    await publish(RefgetBucket(smooth), pieces(FASTA))
    left = await contents(smooth)
    for write in range(1, 13):
        store = LocalStore(tmp_path / f"{write}", mkdir=True)
        await store.put_async(f"sequence/{GA4GH}", b"acgt")
        await store.put_async(f"metadata/json/{GA4GH}.json", b"{}")
        await store.put_async(f"metadata/json/{TRUNC512}.json", b"{}")
        with pytest.raises(Crash):
            await publish(RefgetBucket(CrashingStore(store, write, is_done=write % 2 == 0)), pieces(FASTA))
        await publish(RefgetBucket(store), pieces(FASTA))
        assert await contents(store) == left


@pytest.mark.parametrize("size", [1, 2, 3, 5, 17, 1000])
@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, lambda text: b"".join(map(gzip.compress, (text[:9], text[9:], b"")))]
)
def test_a_file_is_cut_the_same_wherever_its_pieces_end(size, pack):
    packed = pack(FASTA)
    with FastaCutter() as cutter:
        found = [one for start in range(0, len(packed), size) for one in cutter.feed(packed[start : start + size])]
        found.extend(cutter.end())

    assert [(one.name, one.letters.read()) for one in found] == [
        ("chr1", b"ACGT"),
        ("chr2", b"TTTTNN"),
        ("again", b"ACGT"),
    ]
    assert [one.digests.ga4gh for one in found][::2] == [GA4GH, GA4GH]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no sequence"),
        (b"\n\n", "no sequence"),
        (b"ACGT\n>x\nAC", "begin with a line"),
        (b"BAM\x01", "begin with a line"),
        (b">empty\n>x\nAC\n", "'empty' has no letters"),
        (b">empty", "'empty' has no letters"),
        (b">" + b"x" * 70_000, "header without end"),
        (gzip.compress(FASTA, mtime=0)[:-9], "ends early"),
        (gzip.compress(FASTA, mtime=0) + b"rubbish", "cannot be unpacked"),
        (b"\x1f", "begin with a line"),
    ],
)
async def test_what_is_no_fasta_is_refused(folder, content, reason):
    with pytest.raises(InvalidRequest, match=reason):
        await publish(RefgetBucket(folder), pieces(content, 1000))


async def test_a_long_sequence_needs_little_memory(folder):
    line = bytes(random.Random(1).choices(b"ACGTN", k=60)) + b"\n"
    block, blocks = line * 10_000, 100

    async def chromosome():
        yield b">chr1\n"
        for _ in range(blocks):
            yield block

    tracemalloc.start()
    found = await publish(RefgetBucket(folder), chromosome())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found.sequences[0].length == 60 * 10_000 * blocks
    assert peak < 16 * 1024 * 1024
