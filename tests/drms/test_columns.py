"""Texts become the types that a series declares."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from scibus.contracts.drms import KeywordInfo, KeywordValues, RecordList, SeriesStructure, TableQuery
from scibus.contracts.problems import BadBackendAnswer
from scibus.drms.columns import TableShape


def column(values, **info):
    structure = SeriesStructure(keywords=[KeywordInfo(name="K", **info)])
    records = RecordList(count=len(values), keywords=[KeywordValues(name="K", values=values)])
    return TableShape(TableQuery(ds="a", key="K", utc=True), structure, records).batch(records)


@pytest.mark.parametrize(("units", "second"), [("TAI", 25), ("UTC", 60), (None, 60), ("none", 60)])
def test_a_time_without_a_zone_lies_in_the_zone_of_its_keyword(units, second):
    batch = column(["2013.07.03_08:42:00"], type="time", units=units)

    assert batch["K_utc"][0].as_py() == datetime(2013, 7, 3, 8, 41 + second // 60, second % 60, tzinfo=UTC)


def test_bits_of_a_longlong_are_unsigned_and_64_wide():
    batch = column(["0x8000000000000001"], type="longlong")

    assert (batch["K"].type, batch["K"][0].as_py()) == (pa.uint64(), 2**63 + 1)


def test_a_missing_real_is_null():
    batch = column(["MISSING", "nan", "1.5"], type="double")

    assert batch["K"].is_null().to_pylist() == [True, False, False]


def test_a_value_that_does_not_fit_its_type_is_a_bad_answer():
    with pytest.raises(BadBackendAnswer, match="a value of K is no int64"):
        column(["1", "wide"], type="int")


def test_a_keyword_that_each_segment_has_is_found_under_its_number():
    structure = SeriesStructure(keywords=[KeywordInfo(name="SEGMEAN", type="double")])
    listed = [KeywordValues(name=name, values=["1.5"]) for name in ("SEGMEAN[0]", "SEGMEAN_001")]
    records = RecordList(count=1, keywords=listed)

    shape = TableShape(TableQuery(ds="a", key="SEGMEAN"), structure, records)

    assert shape.schema.types == [pa.float64(), pa.float64()]


def test_what_is_no_time_has_no_utc():
    batch = column(["-4712.01.01_11:59:28_TAI", "2013.07.03_08:42:00_TAI"], type="time", units="TAI")

    assert batch["K_utc"].is_null().to_pylist() == [True, False]
    assert batch["K"][0].as_py() == "-4712.01.01_11:59:28_TAI"


def test_a_whole_number_may_be_printed_with_a_point():
    assert column(["2138.0", "9007199254740993."], type="longlong")["K"].to_pylist() == [2138, 2**53 + 1]


def test_columns_of_one_name_are_told_apart():
    records = RecordList(count=1, keywords=[KeywordValues(name="K", values=["a"])] * 3)

    shape = TableShape(TableQuery(ds="a", key="K"), SeriesStructure(), records)

    assert shape.schema.names == ["K", "keyword:K", "keyword:K:2"]
