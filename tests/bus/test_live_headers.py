"""Headers of live messages: all of the source come through, none of them steers the bus, the place is ours to tell."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scibus.bus.header_lines import read_lines
from scibus.bus.live import DataHeaders, SourceHeaders, read_dataset, read_place
from scibus.bus.raw_messages import FIRST_LINE
from scibus.bus.stored import parse_headers
from scibus.contracts.blobs import BlobRef

NAMES = st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}", fullmatch=True)
STEERING = st.sampled_from(["Nats-", "nats-", "NATS-", "Scibus-", "scibus-", "SCIBUS-", "Scibus-Source-", "ce-", "CE-"])
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40).map(str.strip)
HEADERS = st.dictionaries(NAMES | st.builds("".join, st.tuples(STEERING, NAMES)), VALUES, max_size=8)
BLANKS = st.text(st.sampled_from(" \t\x0b\x0c\x1f\x00"), max_size=3)
BLOB = BlobRef(bucket="b", name="n", size=1, sha256="a" * 64, media_type="text/plain")
OURS = DataHeaders("ticker", "count", "solar-wind", "ticker-1", 7)
PLACE = (7, 42, datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC))
MOMENT = 1_700_000_000_123_456_789
MEANS_SOMETHING = ("nats-", "scibus-")


def block(headers):
    """Headers as NATS writes them."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return FIRST_LINE + lines.encode() + b"\r\n"


def written(head, blob=None):
    return FIRST_LINE + OURS.lines(42, MOMENT, head, blob) + b"\r\n"


def both_ways(head):
    """As a reader and as a worker that takes over read them."""
    return read_lines(head[len(FIRST_LINE) :]), parse_headers(head)


def distinct(headers):
    """Those of which no two differ in nothing but case."""
    return len({name.lower() for name in headers}) == len(headers)


@given(HEADERS.filter(distinct))
def test_a_reader_gets_the_headers_that_the_source_had(headers):
    assert dict(SourceHeaders(written(block(headers)))) == headers


@given(HEADERS.filter(distinct))
def test_whatever_the_source_says_the_place_is_what_the_worker_says(headers):
    read, stored = both_ways(written(block(headers)))

    assert read_place(read) == read_place(stored) == PLACE
    assert read_dataset(read) == "solar-wind"


@given(BLANKS, st.sampled_from(["Scibus-Sequence", "scibus-epoch", "Scibus-Time", "Nats-Msg-Id"]), BLANKS)
def test_blanks_around_a_name_do_not_make_it_ours(before, name, after):
    head = written(f"NATS/1.0\r\n{before}{name}{after}: 99\r\n\r\n".encode())
    read, stored = both_ways(head)

    assert read_place(read) == read_place(stored) == PLACE
    assert b"\r\nNats-" not in head


@given(st.binary(max_size=80).filter(lambda raw: b"\r\n" not in raw))
def test_a_line_of_any_bytes_changes_no_place(raw):
    read, stored = both_ways(written(b"NATS/1.0\r\n" + raw + b"\r\n\r\n"))

    assert read_place(read) == read_place(stored) == PLACE


@given(HEADERS)
def test_nothing_of_the_source_steers_the_server(headers):
    known = [
        name for name in read_lines(written(block(headers))[len(FIRST_LINE) :]) if name.lower().startswith("nats-")
    ]

    assert known == []


@given(HEADERS.filter(distinct))
def test_a_forwarded_message_can_be_forwarded_again(headers):
    once = written(block(headers))

    assert dict(SourceHeaders(written(once))) == read_lines(once[len(FIRST_LINE) :])


def test_the_bytes_of_a_header_stay_as_they_are():
    head = b"NATS/1.0\r\nX-Name:  caf\xe9 \r\nx-name: \xc3\xa9\r\nX-Name:again\r\n\r\n"

    assert written(head).startswith(head[:-2])


def test_a_message_without_headers_gets_ours():
    assert dict(SourceHeaders(written(b""))) == {}
    assert read_place(read_lines(written(b"")[len(FIRST_LINE) :])) == PLACE


def test_it_is_a_cloud_event():
    headers = read_lines(written(b"")[len(FIRST_LINE) :])

    assert {name: value for name, value in headers.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-type": "scibus.v1.data.ticker",
        "ce-source": "/scibus/ticker/ticker-1",
        "ce-subject": "count",
        "ce-id": "count-7-42",
        "ce-time": "2023-11-14T22:13:20.123456789Z",
    }


@pytest.mark.parametrize("name", ["ce-specversion", "CE-SpecVersion", "ce-specversion "])
def test_a_message_that_is_a_cloud_event_already_stays_the_one_it_is(name):
    head = f"NATS/1.0\r\n{name}: 1.0\r\nce-type: flare\r\nce-id: 1\r\n\r\n".encode()
    headers = read_lines(written(head)[len(FIRST_LINE) :])

    assert (headers["ce-type"], headers["ce-id"]) == ("flare", "1")
    assert "ce-time" not in headers
    assert SourceHeaders(written(head))["ce-type"] == "flare"


def test_a_large_body_is_told_by_its_reference():
    headers = read_lines(written(b"", BLOB)[len(FIRST_LINE) :])

    assert BlobRef.model_validate_json(headers["Scibus-Blob"]) == BLOB
    assert dict(SourceHeaders(written(b"", BLOB))) == {}


@given(st.integers(0, 253_402_300_799_999_999_999))
def test_every_time_is_told_to_the_nanosecond(moment):
    headers = read_lines(OURS.lines(1, moment, b""))

    assert headers["Scibus-Time"] == headers["ce-time"]
    assert int(headers["Scibus-Time"][-10:-1]) == moment % 1_000_000_000
    assert read_place(headers).time == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment // 1000)


@given(st.text(min_size=1, max_size=60).filter(lambda text: text == text.strip()))
def test_any_name_of_a_dataset_comes_through(dataset):
    lines = DataHeaders("ticker", "count", dataset, "ticker-1", 1).lines(1, 0, b"")

    assert read_dataset(read_lines(lines)) == dataset


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Scibus-Epoch": "1", "Scibus-Sequence": "2"},
        {"Scibus-Epoch": "one", "Scibus-Sequence": "2", "Scibus-Time": "2023-11-14T22:13:20Z"},
        {"Scibus-Epoch": "1", "Scibus-Sequence": "2", "Scibus-Time": "yesterday"},
        {"Scibus-Epoch": "9" * 5000, "Scibus-Sequence": "2", "Scibus-Time": "2023-11-14T22:13:20Z"},
    ],
)
def test_what_tells_no_place_has_none(headers):
    assert read_place(headers) is None
