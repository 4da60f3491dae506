"""Queries that cannot be divided as they are, each before a worker of its own."""

import pytest

from scibus.contracts.problems import TooLarge
from scibus.sandbox.standin import Fault

STALE = (
    '{"note":"","primekeys":["T_REC","CAMERA"],"primekeysinfo":[{"name":"T_REC","slotted":1,"step":"45.0"},'
    '{"name":"CAMERA","slotted":0}],"dbindex":[],"keywords":[{"name":"T_REC","type":"time","units":"TAI"}],'
    '"segments":[],"links":[],"Interval":{"FirstRecord":"hmi.V_45s[2020.01.01_TAI][2]","FirstRecnum":1,'
    '"LastRecord":"hmi.V_45s[2020.01.02_TAI][2]","LastRecnum":2,"MaxRecnum":2},"runtime":0,"status":0}'
)


async def test_a_query_without_times_begins_at_its_own_first_record(bus, spawn_worker, jsoc):
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_RECORDS_PER_ANSWER="500")
    jsoc.faults.inject(Fault(operation="series_struct", body=STALE, times=None))

    table = await bus.drms.query(ds="hmi.v_45s[]", key="T_REC", n=700)

    assert len(table) == 700
    assert table.rows()[0]["T_REC"] == "2010.05.01_00:00:00_TAI"


async def test_what_cannot_be_split_is_refused_with_the_reason(bus, spawn_worker, jsoc):
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_RECORDS_PER_ANSWER="3")

    with pytest.raises(TooLarge, match="no slotted time among its prime keys"):
        await bus.drms.query(ds="su_standin.events", key="**ALL**")


async def test_too_many_records_at_one_time_are_refused(bus, spawn_worker, jsoc):
    await spawn_worker("drms", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url, SCIBUS_DRMS_RECORDS_PER_ANSWER="3")

    with pytest.raises(TooLarge, match="more than 3 records at"):
        await bus.drms.query(ds="aia.lev1_euv_12s[2013.07.03_TAI/1m]", key="T_REC")
