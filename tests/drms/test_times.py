"""DRMS times, and UTC as TAI minus leap seconds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scibus.drms.times import SECOND, parse_time, tai_text, utc_microseconds


def in_utc(text, zone="TAI"):
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc_microseconds(parse_time(text, zone)))


@pytest.mark.parametrize(
    ("tai", "utc"),
    [
        ("2013.07.03_08:42:00_TAI", "2013-07-03T08:41:25"),
        ("2012.07.01_00:00:33_TAI", "2012-06-30T23:59:59"),
        ("2012.07.01_00:00:35_TAI", "2012-07-01T00:00:00"),
        ("2017.01.01_00:00:37_TAI", "2017-01-01T00:00:00"),
        ("1996.01.01_00:00:30_TAI", "1996-01-01T00:00:00"),
        ("2010.05.01_TAI", "2010-04-30T23:59:26"),
        ("2013.07.03_08:42:00.123456_TAI", "2013-07-03T08:41:25.123456"),
    ],
)
def test_utc_is_tai_minus_leap_seconds(tai, utc):
    assert in_utc(tai) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_leap_second_falls_onto_the_first_second_of_the_next_day():
    assert in_utc("2017.01.01_00:00:36_TAI") == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2013-07-03T08:41:25Z", "2013.07.03_08:41:25_UTC", "2013.07.03_08:42:32.184_TDT"])
def test_one_instant_may_be_written_in_any_zone(text):
    assert parse_time(text) == parse_time("2013.07.03_08:42:00_TAI")


def test_the_zone_of_the_keyword_counts_where_the_text_names_none():
    assert parse_time("2013.07.03_08:42", "TAI") - parse_time("2013.07.03_08:42", "UTC") == -35 * SECOND


def test_before_1972_there_is_no_utc_to_tell():
    assert utc_microseconds(parse_time("1971.12.31_23:59:59_TAI")) is None


@given(st.integers(min_value=63_072_000, max_value=4_102_444_800))
def test_utc_times_come_back(seconds):
    moment = datetime.fromtimestamp(seconds, UTC)

    assert in_utc(f"{moment:%Y-%m-%dT%H:%M:%SZ}") == moment


@given(st.integers(min_value=0, max_value=4 * 10**15))
def test_printed_times_are_read_back(time):
    assert parse_time(tai_text(time)) == time


@pytest.mark.parametrize("text", ["", "yesterday", "2013.13.01_TAI", "2013.07-03", "2013.07.03_08:42_XYZ"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"not a time|month|must be in"):
        parse_time(text)


def test_a_time_without_a_zone_is_utc():
    assert parse_time("2013.07.03_08:42") == parse_time("2013.07.03_08:42_UTC")
