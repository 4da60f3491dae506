"""Sequences that headers name become elements: each once, and nothing that was said is lost."""

from itertools import permutations

import pytest
from obstore.store import LocalStore

from scibus.contracts.modos import CreateOrder, EnrichOrder
from scibus.contracts.modos.edits import MOST_ELEMENTS
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, NotFound
from scibus.modos.editing.creating import create
from scibus.modos.editing.enriching import enrich
from scibus.modos.genomics.headers import HeaderSequence
from tests.modos.editing.parts import contents, element, example, metadata, node, placed, read

ACGT = "f1f8f4bf413b16ad135722aa4591043e"
TTTT = "0ae6cd2c4e5d4d1f8e4c4d5e6f708192"
URI = "https://example.org/genome.fa"
CHR1 = HeaderSequence("chr1", ACGT, URI, "the first")
CHR2 = HeaderSequence("chr2", TTTT)


class Headers:
    """What the headers of the object's files say."""

    def __init__(self, **said):
        self._said = {name.replace("_", "."): found for name, found in said.items()}
        self.asked = []

    async def read(self, file, data_format):
        self.asked.append((file, data_format))
        found = self._said.get(file, [])
        if isinstance(found, Exception):
            raise found
        return found


async def enriched(place, *elements, noted=None, **said):
    return await enrich(place, EnrichOrder(modo="ex", elements=list(elements)), Headers(**said).read, noted=noted)


async def object_of(place, *elements):
    order = CreateOrder(path="s3://bucket/proj/ex", attributes={}, elements=elements)
    await create(place, order, read)
    return place


def data(name, file, **attributes):
    return element(name, "AlignmentSet", data_path=file, data_format="CRAM", **attributes)


async def test_sequences_are_added_and_linked_from_the_genome_of_the_data(example_place, store):
    edited = await enriched(example_place, demo1_cram=[CHR1, CHR2])

    seen, files = await metadata(store), await contents(store)
    assert edited.changed == ["sequence/chr1_f1f8f4", "sequence/chr2_0ae6cd", "reference/reference1"]
    assert edited.meta == seen
    assert edited.skipped == {}
    assert seen["sequence/chr2_0ae6cd"] == {"@type": "ReferenceSequence", "name": "chr2", "sequence_md5": TTTT}
    assert seen["reference/reference1"]["has_sequence"] == ["sequence/chr1_f1f8f4", "sequence/chr2_0ae6cd"]
    assert {name: node(files, name) for name in seen if "/" in name} == {n: a for n, a in seen.items() if "/" in n}


async def test_what_is_there_is_completed_never_replaced(example_place, store):
    await enriched(example_place, demo1_cram=[HeaderSequence("1", ACGT, None, "ours")])
    edited = await enriched(example_place, demo1_cram=[CHR1])

    assert edited.changed == ["sequence/chr1_f1f8f4"]
    assert (await metadata(store))["sequence/chr1_f1f8f4"] == {
        "@type": "ReferenceSequence",
        "sequence_md5": ACGT,
        "name": "1",
        "description": "ours",
        "source_uri": URI,
    }


async def test_twice_is_once(example_place, store):
    await enriched(example_place, demo1_cram=[CHR1, CHR2])
    before = await contents(store)

    edited = await enriched(example_place, demo1_cram=[CHR1, CHR2])

    assert edited.changed == []
    assert await contents(store) == before


async def test_a_name_means_a_sequence_where_no_digest_says_otherwise(place, store):
    await object_of(place, data("d1", "a.cram"), data("d2", "b.vcf"), element("chr1", "Sample", name="chr1"))
    named, other = HeaderSequence("chr1"), HeaderSequence("chr1", TTTT)

    await enriched(place, "data/d1", a_cram=[named])
    completed = await enriched(place, "data/d1", a_cram=[CHR1])
    another = await enriched(place, "data/d1", "data/d2", a_cram=[other], b_vcf=[other, CHR1])

    assert completed.changed == ["sequence/chr1_2"]
    assert another.changed == ["sequence/chr1_0ae6cd"]
    seen = await metadata(store)
    assert {name: one.get("sequence_md5") for name, one in seen.items() if name.startswith("sequence/")} == {
        "sequence/chr1_2": ACGT,
        "sequence/chr1_0ae6cd": TTTT,
    }
    assert seen["sample/chr1"] == {"@type": "Sample", "name": "chr1"}


NAMED = HeaderSequence("chr1", None, None, "by name")


@pytest.mark.parametrize("third", [None, HeaderSequence("chr1", None, URI), HeaderSequence("1", ACGT)])
@pytest.mark.parametrize("order", list(permutations([NAMED, CHR1, HeaderSequence("chr1", TTTT)])))
async def test_whatever_headers_say_the_second_time_says_nothing_new(tmp_path, order, third):
    store = LocalStore(tmp_path / "bucket", mkdir=True)
    place = await object_of(placed(store), data("d1", "a.vcf"), data("d2", "b.bam"), data("d3", "c.bam"))
    told = dict(zip(("a_vcf", "b_bam", "c_bam"), ([one, third] if third else [one] for one in order), strict=True))
    first = await enriched(place, **told)
    before = await contents(store)

    again = await enriched(place, **told)

    digests = [first.meta[path].get("sequence_md5") for path in first.changed]
    assert digests.count(ACGT) == digests.count(TTTT) == 1
    assert digests.count(None) <= 1
    assert again.changed == []
    assert await contents(store) == before


async def test_a_name_alone_means_the_only_sequence_of_that_name(place, store):
    await object_of(place, data("d1", "a.vcf"), data("d2", "b.bam"))

    edited = await enriched(place, a_vcf=[NAMED, HeaderSequence("chr2")], b_bam=[HeaderSequence("chr1", ACGT)])

    assert edited.changed == ["sequence/chr1_f1f8f4", "sequence/chr2"]
    assert (await metadata(store))["sequence/chr1_f1f8f4"]["description"] == "by name"


async def test_digests_are_the_same_in_upper_case(place, store):
    await object_of(place, data("d1", "a.cram"), element("s", "ReferenceSequence", name="chr1"))
    upper = f'"sequence_md5": "{ACGT.upper()}", "name": "chr1"'.encode()
    root = (await contents(store))["proj/ex/data.zarr/zarr.json"]
    assert b'"name": "chr1"' in root
    await store.put_async("proj/ex/data.zarr/zarr.json", root.replace(b'"name": "chr1"', upper))

    assert (await enriched(place, a_cram=[HeaderSequence("chr1", ACGT)])).changed == []


async def test_names_that_are_no_ids_keep_their_name_and_get_an_id(place, store):
    await object_of(place, data("d1", "a.cram"))
    names = ["HLA-A*01:01", "HLA-A*01/01", "..", "__x", "n" * 900]

    edited = await enriched(place, a_cram=[HeaderSequence(name) for name in names])

    seen = await metadata(store)
    assert [seen[path]["name"] for path in edited.changed] == names
    assert edited.changed[:4] == [
        "sequence/HLA-A_01_01",
        "sequence/HLA-A_01_01_2",
        "sequence/sequence",
        "sequence/x",
    ]


async def test_of_several_genomes_none_is_taken_to_be_meant(place, store):
    genomes = [element(name, "ReferenceGenome", data_path=f"{name}.fa") for name in ("g1", "g2")]
    await object_of(place, *genomes, data("d1", "a.cram", has_reference=["g1", "g2"]), data("d2", "b.cram"))

    edited = await enriched(place, a_cram=[CHR1], b_cram=[CHR2])

    assert edited.changed == ["sequence/chr1_f1f8f4", "sequence/chr2_0ae6cd"]
    assert "has_sequence" not in str(await metadata(store))


async def test_a_genome_of_a_class_that_has_no_sequences_is_left(example_place, store):
    root = (await contents(store))["proj/ex/data.zarr/zarr.json"]
    unknown = root.replace(b'"ReferenceGenome"', b'"ReferencePanGenome"')
    await store.put_async("proj/ex/data.zarr/zarr.json", unknown)

    edited = await enriched(example_place, demo1_cram=[CHR2])

    assert unknown != root
    assert edited.changed == ["sequence/chr2_0ae6cd"]


async def test_data_that_tell_nothing_are_named_and_stop_no_others(place):
    await object_of(
        place,
        data("away", "away.cram"),
        data("broken", "broken.cram"),
        data("elsewhere", "s3://other/x.cram"),
        data("encrypted", "x.cram.c4gh"),
        data("good", "good.cram"),
        data("large", "large.cram"),
        data("silent", "silent.cram"),
        data("table", "table.tsv"),
    )

    edited = await enriched(
        place,
        away_cram=NotFound("there is no away.cram"),
        broken_cram=BadBackendAnswer("broken.cram is broken"),
        good_cram=[CHR1],
        large_cram=[HeaderSequence(f"c{number}") for number in range(MOST_ELEMENTS + 1)],
        table_tsv=None,
    )

    assert edited.changed == ["sequence/chr1_f1f8f4"]
    assert edited.skipped == {
        "data/away": "there is no away.cram",
        "data/broken": "broken.cram is broken",
        "data/elsewhere": "it has no file in the object",
        "data/encrypted": "x.cram.c4gh is encrypted",
        "data/large": "the header of large.cram names more than 10000 sequences",
        "data/silent": "the header of silent.cram names no sequence",
        "data/table": "table.tsv is not BAM, CRAM, VCF or BCF",
    }


async def test_a_store_that_is_away_changes_nothing(example_place, store):
    before = await contents(store)

    with pytest.raises(BackendUnavailable):
        await enriched(example_place, demo1_cram=BackendUnavailable("away"))

    assert await contents(store) == before


async def test_only_the_named_data_are_read(example_place):
    headers = Headers(demo1_cram=[CHR2])
    with pytest.raises(NotFound, match="has no element 'data/none'"):
        await enrich(example_place, EnrichOrder(modo="ex", elements=["data/none"]), headers.read)
    assert headers.asked == []

    await enrich(example_place, EnrichOrder(modo="ex", elements=["data/demo1"]), headers.read)
    assert headers.asked == [("demo1.cram", "CRAM")]


async def test_the_example_is_what_it_was_made_of(example_place, store):
    """So that the tests above add to an object that has such a sequence, without a name, already."""
    assert example().elements[-1].id == "chr1_f1f8f4"
    assert (await metadata(store))["sequence/chr1_f1f8f4"] == {"@type": "ReferenceSequence", "sequence_md5": ACGT}
