"""Tables that take more than one answer of JSOC."""

import pyarrow.compute as pc
import pytest

from scibus.bus.headers import decode_blob
from scibus.contracts.problems import BackendUnavailable, TooLarge
from scibus.contracts.tables import ARROW_STREAM
from scibus.sandbox.standin import Fault
from tests import standing

nats_server, bus, jsoc, in_order = standing.nats_server, standing.bus, standing.jsoc, standing.in_order
folder, spawn_worker = standing.folder, standing.spawn_worker
TWO_DAYS = "hmi.v_45s[2013.07.03_TAI/2d]"


@pytest.fixture(scope="module")
async def small_answers(spawn_worker, jsoc):
    """A worker that asks JSOC for few records at once."""
    return await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_RECORDS_PER_ANSWER="500")


async def test_a_large_query_is_split_by_time_and_complete(bus, small_answers, jsoc):
    table = (await bus.drms.query(ds=TWO_DAYS, key="T_REC,QUALITY", rec_index=True)).to_arrow()

    assert table.num_rows == 2 * 86400 // 45
    assert pc.count_distinct(table["record"]).as_py() == table.num_rows
    assert table["T_REC"].to_pylist() == sorted(table["T_REC"].to_pylist())
    assert jsoc.log.count("rs_list") > 7


async def test_a_large_query_comes_as_one_arrow_stream_in_a_blob(bus, small_answers):
    body = b'{"ds":"%s","key":"T_REC"}' % TWO_DAYS.encode()

    reply = await bus.connection.request("scibus.v1.req.drms.query", body, timeout=60)

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


async def test_records_that_the_pieces_miss_are_noticed(bus, small_answers, jsoc):
    jsoc.faults.inject(Fault(operation="rs_summary", body='{"count":9999,"runtime":0,"status":0}', times=1))

    with pytest.raises(BackendUnavailable, match="3840 records where the record set has 9999"):
        await bus.drms.query(ds=TWO_DAYS, key="T_REC")


async def test_the_first_records_of_a_series_in_another_order_are_not_guessed(bus, small_answers):
    with pytest.raises(TooLarge, match="n counts records in order of HARPNUM"):
        await bus.drms.query(ds="hmi.sharp_cea_720s[1-10][2010.05.03_TAI/3d]", key="T_REC", n=600)


async def test_a_window_that_is_too_full_is_halved_and_stays_in_order(bus, small_answers):
    ds = "hmi.v_45s[1999.01.01_TAI/30d,2013.07.03_TAI/1d]"

    times = (await bus.drms.query(ds=ds, key="T_REC")).to_arrow()["T_REC"].to_pylist()

    assert len(times) == 86400 // 45
    assert times == sorted(times)
