"""Typed tables, over the bus, from the stand-in's records."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from scibus.bus.tables import JsonTable
from scibus.contracts.problems import InvalidRequest, NotFound
from scibus.contracts.tables import TableBody
from tests import standing

nats_server, bus, jsoc, in_order = standing.nats_server, standing.bus, standing.jsoc, standing.in_order
folder, spawn_worker, drms = standing.folder, standing.spawn_worker, standing.drms

FOUR_RECORDS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"


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
    reply = await bus.connection.request("scibus.v1.req.drms.query", body, timeout=30)
    by_json = JsonTable(TableBody.model_validate_json(reply.data)).to_arrow()

    by_arrow = await bus.drms.query(ds=FOUR_RECORDS, key="T_REC,QUALITY,BIGCOUNT", utc=True, rec_index=True)

    assert by_json.equals(by_arrow.to_arrow(), check_metadata=True)


@pytest.mark.parametrize("key", ["T_REC,QUALITY,BIGCOUNT", "**ALL**"])
async def test_a_record_set_without_records_has_typed_columns(bus, drms, key):
    table = await bus.drms.query(ds="hmi.v_45s[1999.01.01_TAI/3m]", key=key)

    assert len(table) == 0
    assert table.to_arrow().schema.field("QUALITY").type == pa.uint32()
    assert table.to_arrow().schema.field("BIGCOUNT").type == pa.int64()


async def test_problems_of_jsoc_come_through(bus, drms):
    with pytest.raises(NotFound):
        await bus.drms.query(ds="nope.nope[$]", key="T_REC")
    with pytest.raises(InvalidRequest):
        await bus.drms.query(ds="hmi.v_45s[[[", key="T_REC")


@pytest.mark.parametrize(("n", "first"), [(1, "2013.07.03_08:42:00_TAI"), (-1, "2013.07.03_08:44:15_TAI")])
async def test_of_a_small_query_the_first_or_last_records_are_taken(bus, drms, n, first):
    table = await bus.drms.query(ds=FOUR_RECORDS, key="T_REC", n=n)

    assert table.rows() == [{"T_REC": first}]
