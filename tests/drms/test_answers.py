"""What JSOC really sends is understood, or refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scibus.contracts.drms import RecordSetQuery
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Problem
from scibus.drms.answers import decode, integer, problem
from scibus.drms.reading import read_export, read_external_series, read_record_list, read_series_list, read_structure


def decoded(body):
    return decode(body, "latin1", "jsoc")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'{"note":"\xe5ngstr\xf6m"}', {"note": "ångström"}),
        (rb'{"dir":"\/SUM1\/D1"}', {"dir": "/SUM1/D1"}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"error":"two\nlines"}', {"error": "two\nlines"}),
        (b'\n\n{"status":4,"error":"Illegal text"}\n{"status":1}', {"status": 4, "error": "Illegal text"}),
        (b'{"status":1,"errmsg":Series filter format error}', {"status": 1, "errmsg": "Series filter format error"}),
    ],
)
def test_bodies_that_are_nearly_json_are_read(body, answer):
    assert decoded(body) == answer


@pytest.mark.parametrize("body", [b"", b"  \n", b"nonsense", b"[1]", b'"text"', b'"n":0}', b"\xff\xfe", b'{"a":'])
def test_what_is_no_object_is_a_bad_answer(body):
    with pytest.raises(BadBackendAnswer):
        decoded(body)


def test_a_page_instead_of_an_answer_is_an_outage_and_its_title_is_told():
    with pytest.raises(BackendUnavailable) as raised:
        decoded(b"<!DOCTYPE html><html><head><title>JSOC  is\ndown</title></head></html>")

    assert raised.value.details.retryable
    assert raised.value.details.backend.message == "JSOC is down"


@given(st.binary(max_size=200))
def test_no_body_breaks_the_reader(body):
    with suppress(Problem):
        assert isinstance(decoded(body), dict)


@pytest.mark.parametrize(
    ("answer", "slug", "retryable"),
    [
        ({"status": 1, "error": "series not found"}, "not-found", False),
        ({"status": 1, "error": " jsoc_info: series not found."}, "not-found", False),
        ({"status": 4, "error": "Cannot export series 'X' - it does not exist.\n"}, "not-found", False),
        ({"status": 4, "error": "invalid export DRMS record for ID `%s`JSOC_20200101_999"}, "not-found", False),
        ({"status": 6, "error": "Cant locate export request: jsoc.export[JSOC_1]"}, "not-found", True),
        ({"status": 5, "error": "expired"}, "not-found", False),
        ({"status": 1, "error": "invalid record-set specification `a[`"}, "invalid-request", False),
        ({"status": 4, "error": "Bad record-set query 'X'."}, "invalid-request", False),
        ({"status": 3, "error": "Request exceeds max byte limit of 100000MB"}, "too-large", False),
        ({"status": 7, "error": "User a@b.cc has 1 pending export requests (JSOC_20261123_001)"}, "overloaded", True),
        ({"status": 4, "error": "Cant save new export-request hash."}, "backend-unavailable", True),
        ({"status": 1, "error": "problem with database query"}, "backend-unavailable", True),
        ({"status": 25, "error": "One or more data files are offline"}, "backend-unavailable", False),
        ({"status": -1}, "backend-unavailable", True),
        ({"status": "4", "error": "told as text"}, "invalid-request", False),
        ({"status": 77, "error": "of a later version"}, "bad-backend-answer", False),
    ],
)
def test_an_error_status_becomes_the_problem_that_it_means(answer, slug, retryable):
    told = problem(answer, "jsoc")

    assert (told.slug, told.details.retryable) == (slug, retryable)
    assert told.details.backend.code == int(answer["status"])


@pytest.mark.parametrize(
    ("value", "number"), [("12", 12), (12, 12), ("0x1f", 31), ("NA", None), ("", None), (None, None), (True, None)]
)
def test_numbers_may_come_as_text(value, number):
    assert integer(value) == number


def test_prime_keys_in_one_text_become_a_list():
    listed = read_series_list(
        decoded(b'{"status":0,\n "names":[\n {"name":"a","primekeys":"T_REC, CAMERA","note":""}],"n":1}')
    )

    assert listed.names[0].primekeys == ["T_REC", "CAMERA"]


def test_a_series_without_prime_keys_or_records_has_none():
    body = (
        b'{"primekeys":[null],"primekeysinfo":[null],"dbindex":[null],"keywords":[],'
        b'"Interval":{"FirstRecord":"NA","MaxRecnum":0}}'
    )

    structure = read_structure(decoded(body))

    assert (structure.primekeys, structure.primekeysinfo, structure.dbindex) == ([], [], [])
    assert structure.Interval.FirstRecord is None
    assert structure.Interval.MaxRecnum == 0


def test_series_with_and_without_descriptions_are_listed_alike():
    bare = read_external_series({"errMsg": "", "seriesList": ["aia.lev1"]})
    told = read_external_series({"errMsg": "", "seriesList": [{"aia.lev1": {"description": "AIA Level 1"}}]})

    assert (bare.seriesList[0].name, bare.seriesList[0].description) == ("aia.lev1", None)
    assert (told.seriesList[0].name, told.seriesList[0].description) == ("aia.lev1", "AIA Level 1")


def test_a_record_set_without_records_has_the_columns_that_were_asked():
    listed = read_record_list(
        {"count": 0, "runtime": 0.011}, RecordSetQuery(ds="a", key="T_REC,QUALITY", seg="**ALL**")
    )

    assert [column.name for column in listed.keywords] == ["T_REC", "QUALITY"]
    assert listed.segments == []


def test_a_column_that_is_too_short_is_noticed():
    answer = {"count": 2, "keywords": [{"name": "T_REC", "values": ["2013.07.03_TAI"]}]}

    with pytest.raises(BadBackendAnswer, match="T_REC"):
        read_record_list(answer, RecordSetQuery(ds="a", key="T_REC"))


def test_the_index_of_a_finished_export_has_numbers():
    answer = decoded(b'{"reqid":"JSOC_20261123_001","status":"0","count":"2","size":"0.007","wait":"0"}')

    state = read_export(answer, "jsoc")

    assert (state.requestid, state.status, state.count, state.size, state.wait) == ("JSOC_20261123_001", 0, 2, 0.007, 0)
