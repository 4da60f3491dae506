"""Which records a record-set query names."""

import time

import pytest


@pytest.mark.parametrize(
    ("ds", "count"),
    [
        ("hmi.v_45s[2013.07.03_08:42_TAI/3m]", 4),
        ("HMI.V_45S[2013.07.03_08:42:00_TAI-2013.07.03_08:45:00_TAI]", 5),
        ("hmi.v_45s[2013.07.03_08:42_TAI/1d@6h]", 4),
        ("hmi.v_45s[2013.07.03_08:42_TAI,2013.07.03_09:42_TAI]", 2),
        ("hmi.v_45s[2013.07.03_08:42_TAI/3m][2]", 4),
        ("hmi.v_45s[2013.07.03_08:42_TAI/3m][1]", 0),
        ("hmi.v_45s[2013.07.03_08:42_TAI/3m]{Dopplergram}", 4),
        ("hmi.v_45s[^]", 1),
        ("hmi.v_45s[2009.01.01-2010.05.01_00:01:30_TAI]", 3),
        ("hmi.v_45s[2030.01.01/1d]", 0),
        ("hmi.v_45s", 10_990_081),
        ("hmi.v_45s[:#33065728-#33065730]", 3),
        ("hmi.v_45s[CAMERA=2][T_REC=2013.07.03_08:42_TAI]", 1),
        ("aia.lev1_euv_12s[2013-07-03T00:00:00Z/1m][171,193]", 10),
        ("aia.lev1_euv_12s[2013-07-03T00:00:00Z/1m][100-200]", 15),
        ("hmi.sharp_cea_720s[377]", 1440),
        ("hmi.sharp_cea_720s[377-378][2011.02.15_02:12_TAI]", 2),
        ("hmi.sharp_cea_720s[377][2013.01.01_TAI]", 0),
        ("su_standin.events[2013.01.01/30d][flare]", 30),
        ("su_standin.events[2013.01.01/30d]['flare','cme']", 60),
        ("su_standin.frames", 500),
        ("su_standin.empty[]", 0),
        ("hmi.b_720s[2013.07.03_08:42_TAI/1h],hmi.b_720s[$]", 6),
    ],
)
async def test_a_query_names_so_many_records(ask, ds, count):
    assert await ask.count(ds) == count


@pytest.mark.parametrize(
    "moment",
    ["2013.07.03_08:42_TAI", "2013-07-03T08:41:25Z", "2013.07.03_08:41:25_UTC", "2013.07.03_08:42:22_TAI"],
)
async def test_a_time_means_the_nearest_slot_and_utc_is_35_seconds_off_in_2013(ask, moment):
    assert await ask.list(f"hmi.v_45s[{moment}]", "T_REC") == {"T_REC": ["2013.07.03_08:42:00_TAI"]}


async def test_the_last_slot_of_a_patch_is_its_own(ask):
    assert await ask.list("hmi.sharp_cea_720s[377][$]", "T_REC") == {"T_REC": ["2011.02.18_23:48:00_TAI"]}


async def test_n_takes_the_first_or_the_last_records(ask):
    first = await ask.list("hmi.v_45s[2013.07.03_08:42_TAI/3m]", "T_REC", n=1)
    last = await ask.list("hmi.v_45s[2013.07.03_08:42_TAI/3m]", "T_REC", n=-1)

    assert first["T_REC"] == ["2013.07.03_08:42:00_TAI"]
    assert last["T_REC"] == ["2013.07.03_08:44:15_TAI"]


async def test_conditions_leave_out_records_without_an_image(ask):
    day = "hmi.v_45s[2013.07.03_TAI/1d]"

    assert await ask.count(day) == 1920
    assert await ask.count(f"{day}[? QUALITY >= 0 ?]") == 1918
    assert await ask.count(f"{day}[? drms.image_exists(quality) ?]") == 1918
    assert await ask.count(f"{day}[? QUALITY < 0 AND CAMERA = 2 ?]") == 2
    assert await ask.count(f"{day}[? (QUALITY < 0) and (drms.image_exists(quality)) ?]") == 0
    assert await ask.count(f"{day}[? (INSTRUME = 'HMI_FRONT2') ?]") == 1920


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ("nothing > 0", 'ERROR:  column "nothing" does not exist\n'),
        ("select 1", 'ERROR:  syntax error at or near "select 1"\n'),
    ],
)
async def test_the_database_tells_what_is_wrong_with_a_condition(ask, condition, error):
    answer = await ask.json("jsoc_info", op="rs_summary", ds=f"hmi.v_45s[$][? {condition} ?]")

    assert answer == {"status": 1, "error": error}


@pytest.mark.parametrize(
    ("op", "ds", "error"),
    [
        ("rs_summary", "hmi.gone[$]", "series not found"),
        ("rs_list", "hmi.gone[$]", " jsoc_info: series not found."),
        ("series_struct", "hmi.gone", "series not found"),
        ("rs_list", "hmi.v_45s[2013.13.45]", "invalid record-set specification `hmi.v_45s[2013.13.45]`"),
        ("rs_list", "hmi.v_45s[$", "invalid record-set specification `hmi.v_45s[$`"),
        ("rs_list", "hmi.v_45s[$][2][3]", "invalid record-set specification `hmi.v_45s[$][2][3]`"),
        (
            "rs_summary",
            "hmi.v_45s[$],hmi.m_45s[$]",
            (
                "invalid record-set specification `hmi.v_45s[$],hmi.m_45s[$]`; "
                "the records must belong to a single data series"
            ),
        ),
    ],
)
async def test_a_query_that_cannot_be_opened_is_status_1(ask, op, ds, error):
    assert await ask.json("jsoc_info", op=op, ds=ds, key="T_REC") == {"status": 1, "error": error}


async def test_a_query_longer_than_8192_characters_is_invalid_even_by_post(jsoc, http):
    ds = f"hmi.v_45s[{','.join(['2013.07.03_08:42:00_TAI'] * 400)}]"
    answer = await http.post(jsoc.cgi_url + "jsoc_info", data={"op": "rs_summary", "ds": ds})

    assert answer.json()["status"] == 1


async def test_a_request_line_beyond_8_kilobytes_needs_post(jsoc, http):
    ds = f"hmi.v_45s[{','.join(['2013.07.03_08:42:00_TAI'] * 330)}]"
    by_get = await http.get(jsoc.cgi_url + "jsoc_info", params={"op": "rs_summary", "ds": ds})
    by_post = await http.post(jsoc.cgi_url + "jsoc_info", data={"op": "rs_summary", "ds": ds})

    assert by_get.status_code == 414
    assert by_post.json()["count"] == 1


async def test_a_hundred_thousand_records_are_listed_in_seconds(ask):
    # The stand-in answers in this process; how long that takes depends on whatever else the machine does.
    start = time.process_time()
    columns = await ask.list("hmi.v_45s[2013.01.01_TAI/53d]", "T_REC,QUALITY")

    assert len(columns["QUALITY"]) == 101_760
    assert time.process_time() - start < 10
