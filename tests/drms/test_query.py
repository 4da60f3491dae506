"""Typed tables, over the bus, from the stand-in's records."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from scibus.bus.headers import decode_blob
from scibus.bus.tables import JsonTable
from scibus.contracts.problems import BackendUnavailable, InvalidRequest, NotFound, TooLarge
from scibus.contracts.tables import ARROW_STREAM, TableBody
from scibus.sandbox.standin import Fault

STALE = (
    '{"note":"","primekeys":["T_REC","CAMERA"],"primekeysinfo":[{"name":"T_REC","slotted":1,"step":"45.0"},'
    '{"name":"CAMERA","slotted":0}],"dbindex":[],"keywords":[{"name":"T_REC","type":"time","units":"TAI"}],'
    '"segments":[],"links":[],"Interval":{"FirstRecord":"hmi.V_45s[2020.01.01_TAI][2]","FirstRecnum":1,'
    '"LastRecord":"hmi.V_45s[2020.01.02_TAI][2]","LastRecnum":2,"MaxRecnum":2},"runtime":0,"status":0}'
)
FOUR_RECORDS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
TWO_DAYS = "hmi.v_45s[2013.07.03_TAI/2d]"


@pytest.fixture
async def small_answers(spawn_worker, jsoc):
    """A worker that asks JSOC for few records at once."""
    return await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_RECORDS_PER_ANSWER="500")


async def test_columns_have_the_types_of_their_keywords(bus, drms):
    table = await bus.drms.query(
        ds=FOUR_RECORDS, key="T_REC,QUALITY,CAMERA,BIGCOUNT,NFRAMES,DATAMEAN,*recnum*,TELESCOP"
    )

    assert [str(field.type) for field in table.to_arrow().schema] == [
        "string",
        "uint32",
        "int64",
        "int64",
        "int64",
        "double",
        "int64",
        "string",
    ]


async def test_integers_beyond_what_a_double_holds_stay_exact(bus, drms):
    raw = await bus.drms.rs_list(ds=FOUR_RECORDS, key="BIGCOUNT")
    table = await bus.drms.query(ds=FOUR_RECORDS, key="BIGCOUNT")

    values = [row["BIGCOUNT"] for row in table.rows()]
    assert values == [int(text) for text in raw.keywords[0].values]
    assert min(values) > 2**53
    assert table.to_pandas()["BIGCOUNT"].tolist() == values


async def test_quality_is_a_set_of_unsigned_bits(bus, drms):
    table = await bus.drms.query(ds="hmi.v_45s[:#33066228]", key="QUALITY")

    assert table.rows()[0]["QUALITY"] & 0x80000000


async def test_missing_values_are_null_and_the_others_exact(bus, drms):
    ds = "hmi.v_45s[2013.07.03_TAI/6h]"
    raw = await bus.drms.rs_list(ds=ds, key="DATAVALS,MISSVALS,QUALITY")
    table = (await bus.drms.query(ds=ds, key="DATAVALS,MISSVALS,QUALITY")).to_arrow()

    missing = [text == "MISSING" for text in raw.keywords[1].values]
    assert any(missing)
    assert [value is None for value in table["MISSVALS"].to_pylist()] == missing
    assert table["MISSVALS"].type == pa.int64()


async def test_an_unknown_keyword_is_a_column_of_nulls(bus, drms):
    table = await bus.drms.query(ds=FOUR_RECORDS, key="T_REC,nonsense")

    assert [row["nonsense"] for row in table.rows()] == [None] * 4


async def test_segments_and_links_are_columns_too(bus, drms):
    table = await bus.drms.query(ds="hmi.b_720s[2013.07.03_08:48_TAI]", key="T_REC", seg="field,nope", link="MDATA")

    row = table.rows()[0]
    assert row["field"].endswith("/field.fits")
    assert row["nope"] is None
    assert row["MDATA"].startswith("hmi.ME_720s_fd10[")


async def test_times_come_as_given_and_in_utc_on_demand(bus, drms):
    table = await bus.drms.query(ds=FOUR_RECORDS, key="T_REC,DATE__OBS", utc=True)

    row = table.rows()[0]
    assert row["T_REC"] == "2013.07.03_08:42:00_TAI"
    assert row["T_REC_utc"] == datetime(2013, 7, 3, 8, 41, 25, tzinfo=UTC)
    assert row["DATE__OBS_utc"] == datetime.fromisoformat(row["DATE__OBS"])


async def test_record_names_are_the_index_on_demand(bus, drms):
    frame = (await bus.drms.query(ds=FOUR_RECORDS, key="T_REC", rec_index=True)).to_pandas()

    assert frame.index.name == "record"
    assert frame.index[0] == "hmi.V_45s[2013.07.03_08:42:00_TAI][2]"


async def test_units_and_notes_come_along(bus, drms):
    field = (await bus.drms.query(ds=FOUR_RECORDS, key="CRLT_OBS")).to_arrow().schema.field("CRLT_OBS")

    assert field.metadata[b"units"] == b"degrees"


async def test_json_and_arrow_hold_the_same_table(bus, drms):
    body = b'{"ds":"%s","key":"T_REC,QUALITY,BIGCOUNT","utc":true,"rec_index":true}' % FOUR_RECORDS.encode()
    reply = await bus.connection.request("scibus.v1.req.drms.query", body, timeout=10)
    by_json = JsonTable(TableBody.model_validate_json(reply.data)).to_arrow()

    by_arrow = await bus.drms.query(ds=FOUR_RECORDS, key="T_REC,QUALITY,BIGCOUNT", utc=True, rec_index=True)

    assert by_json.equals(by_arrow.to_arrow(), check_metadata=True)


@pytest.mark.parametrize("key", ["T_REC,QUALITY,BIGCOUNT", "**ALL**"])
async def test_a_record_set_without_records_has_typed_columns(bus, drms, key):
    table = await bus.drms.query(ds="hmi.v_45s[1999.01.01_TAI/3m]", key=key)

    assert len(table) == 0
    assert table.to_arrow().schema.field("QUALITY").type == pa.uint32()
    assert table.to_arrow().schema.field("BIGCOUNT").type == pa.int64()


async def test_a_large_query_is_split_by_time_and_complete(bus, small_answers, jsoc):
    table = (await bus.drms.query(ds=TWO_DAYS, key="T_REC,QUALITY", rec_index=True)).to_arrow()

    assert table.num_rows == 2 * 86400 // 45
    assert pc.count_distinct(table["record"]).as_py() == table.num_rows
    assert table["T_REC"].to_pylist() == sorted(table["T_REC"].to_pylist())
    assert jsoc.log.count("rs_list") > 7


async def test_a_large_query_comes_as_one_arrow_stream_in_a_blob(bus, small_answers):
    body = b'{"ds":"%s","key":"T_REC"}' % TWO_DAYS.encode()

    reply = await bus.connection.request("scibus.v1.req.drms.query", body, timeout=20)

    ref = decode_blob(reply.headers["Scibus-Blob"])
    assert (ref.media_type, reply.headers["Content-Type"]) == (ARROW_STREAM, ARROW_STREAM)


@pytest.mark.parametrize("n", [700, -700])
async def test_of_a_large_query_the_first_or_last_records_are_taken(bus, small_answers, n):
    every = (await bus.drms.query(ds=TWO_DAYS, key="T_REC")).to_arrow()["T_REC"].to_pylist()

    some = (await bus.drms.query(ds=TWO_DAYS, key="T_REC", n=n)).to_arrow()["T_REC"].to_pylist()

    assert some == (every[:n] if n > 0 else every[n:])


@pytest.mark.parametrize(
    "ds",
    [
        "hmi.v_45s[2013.07.03_00:00:20_TAI-2013.07.04_00:00:31_TAI]",
        "hmi.v_45s[2013.07.03_TAI/2d@90s]",
        "hmi.v_45s[2013.07.03_TAI/12h,2013.07.05_TAI/12h]",
        "hmi.v_45s[2013.07.05_TAI/6h,2013.07.03_TAI/6h,2013.07.03_03:00_TAI/6h]",
        "hmi.v_45s[2013.07.03_TAI/12h,2013.07.05_TAI/10s]",
        "hmi.v_45s[2010.04.30_TAI/2d]",
        "hmi.v_45s[2025.12.31_TAI/2d]",
        "hmi.sharp_cea_720s[1-10][2010.05.03_TAI/3d]",
        "hmi.v_45s[2013.07.03_TAI/1d][2][? QUALITY >= 0 ?]{Dopplergram}",
        "hmi.v_45s[2013.07.03/1d]",
        "aia.lev1_euv_12s[2013.07.03_TAI/1h][171,193,94]",
    ],
)
async def test_whatever_is_split_has_the_records_of_the_undivided_set(bus, small_answers, ds):
    counted = await bus.drms.rs_summary(ds=ds)

    table = (await bus.drms.query(ds=ds, key="**ALL**", rec_index=True)).to_arrow()

    assert table.num_rows == counted.count > 500
    assert pc.count_distinct(table["record"]).as_py() == counted.count


async def test_a_query_without_times_begins_at_its_own_first_record(bus, small_answers, jsoc):
    jsoc.faults.inject(Fault(operation="series_struct", body=STALE, times=None))

    table = await bus.drms.query(ds="hmi.v_45s[]", key="T_REC", n=700)

    assert len(table) == 700
    assert table.rows()[0]["T_REC"] == "2010.05.01_00:00:00_TAI"


async def test_records_that_the_pieces_miss_are_noticed(bus, small_answers, jsoc):
    jsoc.faults.inject(Fault(operation="rs_summary", body='{"count":9999,"runtime":0,"status":0}', times=1))

    with pytest.raises(BackendUnavailable, match="3840 records where the record set has 9999"):
        await bus.drms.query(ds=TWO_DAYS, key="T_REC")


async def test_the_first_records_of_a_series_in_another_order_are_not_guessed(bus, small_answers):
    with pytest.raises(TooLarge, match="n counts records in order of HARPNUM"):
        await bus.drms.query(ds="hmi.sharp_cea_720s[1-10][2010.05.03_TAI/3d]", key="T_REC", n=600)


async def test_what_cannot_be_split_is_refused_with_the_reason(bus, spawn_worker, jsoc):
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_RECORDS_PER_ANSWER="3")

    with pytest.raises(TooLarge, match="no slotted time among its prime keys"):
        await bus.drms.query(ds="su_standin.events", key="**ALL**")


async def test_problems_of_jsoc_come_through(bus, drms):
    with pytest.raises(NotFound):
        await bus.drms.query(ds="nope.nope[$]", key="T_REC")
    with pytest.raises(InvalidRequest):
        await bus.drms.query(ds="hmi.v_45s[[[", key="T_REC")


@pytest.mark.parametrize(("n", "first"), [(1, "2013.07.03_08:42:00_TAI"), (-1, "2013.07.03_08:44:15_TAI")])
async def test_of_a_small_query_the_first_or_last_records_are_taken(bus, drms, n, first):
    table = await bus.drms.query(ds=FOUR_RECORDS, key="T_REC", n=n)

    assert table.rows() == [{"T_REC": first}]


async def test_a_window_that_is_too_full_is_halved_and_stays_in_order(bus, small_answers):
    ds = "hmi.v_45s[1999.01.01_TAI/30d,2013.07.03_TAI/1d]"

    times = (await bus.drms.query(ds=ds, key="T_REC")).to_arrow()["T_REC"].to_pylist()

    assert len(times) == 86400 // 45
    assert times == sorted(times)


async def test_too_many_records_at_one_time_are_refused(bus, spawn_worker, jsoc):
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_RECORDS_PER_ANSWER="3")

    with pytest.raises(TooLarge, match="more than 3 records at"):
        await bus.drms.query(ds="aia.lev1_euv_12s[2013.07.03_TAI/1m]", key="T_REC")
