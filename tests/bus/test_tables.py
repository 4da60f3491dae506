"""A table is the same by either way."""

import math
from datetime import UTC, datetime

import pyarrow as pa

from scibus.bus.tables import ArrowTable, JsonTable, StreamedTable, to_body, to_stream
from scibus.contracts.tables import TableBody

SCHEMA = pa.schema(
    [
        pa.field("record", pa.string()),
        pa.field("big", pa.int64(), metadata={"units": "DN", "note": "Zählung"}),
        pa.field("bits", pa.uint32()),
        pa.field("mean", pa.float64()),
        pa.field("at_utc", pa.timestamp("us", "UTC")),
    ],
    metadata={"scibus.index": "record"},
)
ARROW = pa.table(
    {
        "record": ["a[1]", "a[2]"],
        "big": [2**53 + 1, None],
        "bits": [2**32 - 1, 0],
        "mean": [0.5, None],
        "at_utc": [datetime(2013, 7, 3, 8, 41, 25, 123456, UTC), None],
    },
    schema=SCHEMA,
)


def by_json(arrow: pa.Table) -> JsonTable:
    return JsonTable(TableBody.model_validate_json(to_body(arrow).model_dump_json()))


def test_json_gives_back_types_values_and_metadata():
    assert by_json(ARROW).to_arrow().equals(ARROW, check_metadata=True)


def test_numbers_that_are_none_are_not_taken_for_missing_ones():
    numbers = pa.table({"x": pa.array([math.nan, math.inf, -math.inf, None, 1.5])})

    back = by_json(numbers).to_arrow()["x"].to_pylist()

    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf, None, 1.5]


def test_bits_of_64_stay_exact_in_pandas():
    bits = pa.table({"bits": pa.array([2**64 - 1, None], type=pa.uint64())})

    assert ArrowTable(bits).to_pandas()["bits"].iloc[0] == 2**64 - 1


def test_arrow_gives_back_types_values_and_metadata():
    assert ArrowTable.from_stream(to_stream(ARROW)).to_arrow().equals(ARROW, check_metadata=True)


def test_rows_are_the_same_by_either_way():
    assert by_json(ARROW).rows() == ArrowTable(ARROW).rows()


def test_large_integers_with_gaps_stay_exact_in_pandas():
    frame = ArrowTable(ARROW).to_pandas()

    assert frame.index.name == "record"
    assert frame["big"].dtype == "Int64"
    assert frame["big"].iloc[0] == 2**53 + 1
    assert frame["bits"].dtype == "UInt32"
    assert frame["big"].isna().iloc[1]


async def test_a_table_can_be_written_while_it_is_made():
    async def batches():
        yield pa.RecordBatch.from_pydict({"n": [1, 2]})
        yield pa.RecordBatch.from_pydict({"n": [3]})

    streamed = StreamedTable(pa.schema([("n", pa.int64())]), batches())

    written = b"".join([piece async for piece in streamed.stream()])

    assert ArrowTable.from_stream(written).rows() == [{"n": 1}, {"n": 2}, {"n": 3}]
