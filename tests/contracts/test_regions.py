"""Regions of genome files as people write them."""

import pytest
from pydantic import ValidationError

from scibus.contracts.modos.slices import Region, StreamOrder
from scibus.contracts.problems import InvalidRequest


def ordered(region: str | dict[str, object]) -> StreamOrder:
    return StreamOrder.model_validate({"modo": "ex", "file": "demo1.bam", "regions": [region]})


def read(text: str) -> tuple[str, int | None, int | None]:
    [region] = ordered(text).spans
    return region.reference_name, region.start, region.end


def faults(region: str | dict[str, object]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as raised:
        ordered(region)
    return [(fault.field, fault.message) for fault in InvalidRequest.from_validation(raised.value).details.errors]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("chr1", ("chr1", None, None)),
        ("chr1:5-10", ("chr1", 5, 10)),
        ("chr1:-10", ("chr1", None, 10)),
        ("chr1:5-", ("chr1", 5, None)),
        ("chr1:5", ("chr1", 5, None)),
        ("chr1:0", ("chr1", 0, None)),
        ("chr1:0-0", ("chr1", 0, 0)),
        ("chr1:1,000-2,000,000", ("chr1", 1000, 2000000)),
        ("*", ("*", None, None)),
    ],
)
def test_what_is_written_is_read(text: str, meant: tuple[str, int | None, int | None]) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    "name",
    [
        *("HLA-A*01:01:01:01", "HLA-DRB1*15:01", "HLA-A*24:152", "HLA-A*24:09N", "HLA:HLA00001", "chrUn:007"),
        *("NC_000001.11", "gi|568815597|ref|NC_000001.11|", "a:b:c", "decoy;=^~!#$%&+./:?@_|-", "chr1:e"),
    ],
)
def test_a_name_with_colons_stays_whole_and_may_have_a_range(name: str) -> None:
    assert read(name) == (name, None, None)
    assert read(f"{name}:5-10") == (name, 5, 10)
    assert read(f"{name}:-10") == (name, None, 10)
    assert read(f"{name}:5-") == (name, 5, None)


@pytest.mark.parametrize(
    "text",
    [
        *("chr1:1e3-2e3", "chr1 1000 2000", "chr1:1-5,chr2:3-4", "chr1,chr2", "chr1:1000 - 2000", "chr1\t5\t10"),
        *("chr1:", "chr1:-", "chr1:5-10-15", "chr1:1000,2000", "chr1:1.5-2", "chr1:5..10", "chr1:--5", "chr1:1k-2k"),
        *("HLA-A*01:01:1e3-2e3", f"chr1:{'9' * 5000}", "chr1:5-10,"),
    ],
)
def test_what_is_no_region_is_refused_with_the_syntax(text: str) -> None:
    [(field, message)] = faults(text)

    assert field == "regions.0"
    assert "chr1:1000-2000" in message
    assert "--regions several times" in message


def test_a_name_that_looks_like_a_range_is_given_as_an_object() -> None:
    assert ordered({"reference_name": "chr1:1e3-2e3", "start": 5}).spans == [
        Region(reference_name="chr1:1e3-2e3", start=5)
    ]


def test_one_fault_is_told_once_under_the_name_of_the_field() -> None:
    assert faults("chr1:2000-1000") == [("regions.0", "end (1000) lies before start (2000)")]
    assert faults({"reference_name": "chr1", "start": 2000, "end": 1000}) == [
        ("regions.0", "end (1000) lies before start (2000)")
    ]
    assert faults("*:5") == [("regions.0", "reads that are placed nowhere have no positions")]
    assert [field for field, _ in faults("chr1:0-3000000000")] == ["regions.0.end"]
    assert [field for field, _ in faults({"start": 1})] == ["regions.0.reference_name"]
