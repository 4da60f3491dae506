"""A record set split by time is the same record set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scibus.contracts.drms import KeywordInfo, PrimeKeyInfo, RecordInterval, SeriesStructure
from scibus.contracts.problems import TooLarge
from scibus.drms.recordsets import Window, splittable
from scibus.drms.times import SECOND

HMI = SeriesStructure(
    primekeys=["T_REC", "CAMERA"],
    primekeysinfo=[PrimeKeyInfo(name="T_REC", slotted=1, step=45), PrimeKeyInfo(name="CAMERA", slotted=0)],
    keywords=[KeywordInfo(name="T_REC", type="time", units="TAI"), KeywordInfo(name="CAMERA", type="int")],
    Interval=RecordInterval(
        FirstRecord="hmi.V_45s[2010.05.01_00:00:00_TAI][2]", LastRecord="hmi.V_45s[2010.05.01_00:45:00_TAI][2]"
    ),
)
SHARP = HMI.model_copy(
    update={
        "primekeysinfo": [PrimeKeyInfo(name="HARPNUM", slotted=0), PrimeKeyInfo(name="T_REC", slotted=1, step=720)],
        "Interval": RecordInterval(FirstRecord="a[1][2010.05.01_TAI]", LastRecord="a[7][2010.05.02_TAI]"),
    }
)
EVENTS = HMI.model_copy(update={"primekeysinfo": [PrimeKeyInfo(name="T_REC", slotted=0)]})


FIRST, LAST = "2010.05.01_00:00:00_TAI", "2010.05.01_00:45:00_TAI"


def halves(ds, structure=HMI):
    return _halves(splittable(ds, structure))


def halves_of_all(ds, structure=HMI):
    return _halves(splittable(ds, structure).between(FIRST, LAST))


def _halves(whole):
    return [whole.within(piece) for window in whole.windows for piece in window.split(2)]


def test_a_range_is_cut_between_two_slots():
    assert halves("hmi.v_45s[2013.07.03_08:42_TAI-2013.07.03_08:44:15_TAI]") == [
        "hmi.v_45s[2013.07.03_08:42:00_TAI-2013.07.03_08:42:45_TAI]",
        "hmi.v_45s[2013.07.03_08:43:30_TAI-2013.07.03_08:44:15_TAI]",
    ]


def test_a_span_ends_before_its_last_slot():
    assert halves("hmi.v_45s[2013.07.03_08:42_TAI/3m]")[-1].endswith("-2013.07.03_08:44:15_TAI]")


def test_a_cadence_is_kept_and_pieces_begin_on_it():
    assert halves("hmi.v_45s[2013.07.03_08:42_TAI/6m@90s]") == [
        "hmi.v_45s[2013.07.03_08:42:00_TAI-2013.07.03_08:43:30_TAI@90s]",
        "hmi.v_45s[2013.07.03_08:45:00_TAI-2013.07.03_08:47:15_TAI@90s]",
    ]


def test_other_keys_conditions_and_segments_stay_as_they_are():
    ds = "hmi.v_45s[2013.07.03_TAI/90s][2][? QUALITY >= 0 and CAMERA in ('[1]') ?]{Dopplergram}"

    assert halves(ds)[0] == (
        "hmi.v_45s[2013.07.03_00:00:00_TAI-2013.07.03_00:00:00_TAI][2]"
        "[? QUALITY >= 0 and CAMERA in ('[1]') ?]{Dopplergram}"
    )


def test_a_query_that_names_no_time_is_split_between_the_times_of_its_records():
    assert splittable("hmi.v_45s{Dopplergram}", HMI).windows == ()
    assert halves_of_all("hmi.v_45s{Dopplergram}") == [
        "hmi.v_45s[2010.05.01_00:00:00_TAI-2010.05.01_00:22:30_TAI]{Dopplergram}",
        "hmi.v_45s[2010.05.01_00:23:15_TAI-2010.05.01_00:45:00_TAI]{Dopplergram}",
    ]


def test_the_time_may_be_another_than_the_first_prime_key():
    assert halves_of_all("hmi.sharp_cea_720s[377]", SHARP)[0].startswith(
        "hmi.sharp_cea_720s[377][2010.05.01_00:00:00_TAI-"
    )


def test_a_condition_alone_gets_the_times_before_it():
    assert halves_of_all("hmi.v_45s[? QUALITY=0 ?]")[0].startswith("hmi.v_45s[2010.05.01_00:00:00_TAI-")
    assert halves_of_all("hmi.v_45s[? QUALITY=0 ?]")[0].endswith("[? QUALITY=0 ?]")


def test_several_ranges_are_several_windows():
    assert len(splittable("hmi.v_45s[2013.07.03_TAI/1h,2013.07.04_TAI/1h]", HMI).windows) == 2


def test_ranges_are_put_in_order_and_merged_where_they_overlap():
    ds = "hmi.v_45s[2013.07.05_TAI/3h,2013.07.03_TAI/6h,2013.07.03_03:00_TAI/6h]"

    windows = [str(window) for window in splittable(ds, HMI).windows]

    assert windows == [
        "2013.07.03_00:00:00_TAI-2013.07.03_08:59:15_TAI",
        "2013.07.05_00:00:00_TAI-2013.07.05_02:59:15_TAI",
    ]


def test_a_span_shorter_than_a_step_is_one_record():
    assert splittable("hmi.v_45s[2013.07.03_TAI/10s]", HMI).windows[0].slots == 1


def test_a_time_without_a_zone_stays_without_one():
    assert halves("hmi.v_45s[2013.07.03_08:42/90s]")[0] == "hmi.v_45s[2013.07.03_08:42:00-2013.07.03_08:42:00]"


@pytest.mark.parametrize(
    ("ds", "reason"),
    [
        ("hmi.v_45s[$]", "no range of times"),
        ("hmi.v_45s[T_REC=2013.07.03_TAI/1d]", "names its prime keys"),
        ("hmi.v_45s[:#1000-2000]", "records by number"),
        ("hmi.v_45s[2013.07.03_TAI/1d],hmi.v_45s[2014.07.03_TAI/1d]", "more than one series"),
        ("hmi.v_45s[2013.07.03_TAI/1d@60s]", "no multiple"),
        ("hmi.v_45s[2013.07.03_TAI-2013.07.04]", "two ends of one kind"),
        ("hmi.v_45s[2013.07.03_TAI/soon]", "no span of time"),
        ("hmi.v_45s[2013.07.03_TAI/1d@0s]", "no multiple"),
        ("hmi.v_45s[2013.02.30_TAI/1d]", "no range of times"),
        ("hmi.v_45s[2013.07.03_TAI/99999999d]", "no range of times"),
        ("hmi.v_45s[2013.07.03_TAI-2013.07.02_TAI]", "ends before it begins"),
        ("hmi.v_45s[2016.12.31_23:00:05/2h]", "spans a leap second"),
        ("hmi.v_45s[2013.07.03_TAI/1d@90s,2013.07.03_12:00:45_TAI/1d@90s]", "overlap"),
        ("hmi.v_45s[2013.07.03_TAI", "more than one series"),
    ],
)
def test_what_cannot_be_split_is_refused_with_the_reason(ds, reason):
    with pytest.raises(TooLarge, match=reason):
        splittable(ds, HMI)


def test_a_series_without_slotted_times_cannot_be_split():
    with pytest.raises(TooLarge, match="no slotted time"):
        splittable("a[2013.07.03_TAI/1d]", EVENTS)


@given(first=st.integers(0, 10**15), slots=st.integers(1, 5000), unit=st.integers(1, 86400), parts=st.integers(1, 200))
def test_pieces_hold_every_slot_once_and_in_order(first, slots, unit, parts):
    window = Window(first, first + (slots - 1) * unit * SECOND, unit * SECOND)

    pieces = window.split(parts)

    assert [t for p in pieces for t in range(p.first, p.last + 1, p.unit)] == list(
        range(window.first, window.last + 1, window.unit)
    )
    assert len(pieces) <= parts


def test_the_last_end_stays_as_it_was_asked():
    pieces = halves("hmi.v_45s[2013.07.03_08:42:20_TAI-2013.07.03_08:43:08_TAI]")

    assert pieces[-1].endswith("-2013.07.03_08:43:08_TAI]")
