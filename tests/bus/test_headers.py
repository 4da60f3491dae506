"""Header values survive the trip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scibus.bus import headers as h
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BadBackendAnswer, InvalidRequest


@given(st.text())
def test_any_text_becomes_printable_ascii(text):
    value = h.ascii_text(text)

    assert value.isascii()
    assert value.isprintable() or value == ""
    assert len(value) <= h.LONGEST_VALUE


@given(st.lists(st.text()))
def test_any_names_become_printable_ascii(names):
    value = h.encode_names(names)

    assert value.isascii()
    assert value.isprintable() or value == ""
    assert len(value) <= h.LONGEST_VALUE


def test_a_blob_reference_survives_with_any_file_name():
    ref = BlobRef(bucket="b", name="n", size=1, sha256="a" * 64, media_type="text/plain", filename="größe\n.fits")

    assert h.encode_blob(ref).isascii()
    assert h.decode_blob(h.encode_blob(ref)) == ref


def test_a_broken_blob_reference_is_a_bad_answer():
    with pytest.raises(BadBackendAnswer):
        h.decode_blob("{}")


@pytest.mark.parametrize(("text", "seconds"), [("0.5", 0.5), ("30", 30.0), ("1e9", h.LONGEST_TIMEOUT), ("inf", 3600.0)])
def test_a_timeout_is_a_bounded_number_of_seconds(text, seconds):
    assert h.read_timeout({h.TIMEOUT: text}, 30) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "soon", "1,5"])
def test_what_is_no_timeout_is_refused(text):
    with pytest.raises(InvalidRequest, match="Scibus-Timeout"):
        h.read_timeout({h.TIMEOUT: text}, 30)


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": "a" * 1_000_000},
        {"traceparent": "00-\x00"},
        {"traceparent": "é"},
        {"traceparent": ""},
        {"tracestate": "x" * 513},
        {"tracestate": "a=1\r\nb: 2"},
    ],
)
def test_what_is_no_trace_context_is_not_carried_on(headers):
    assert h.trace_headers(headers) == {}


def test_an_address_as_a_field_name_is_not_told():
    assert "jane" not in h.encode_names(["jane.doe@example.org", "other"])


def test_what_is_kept_of_a_submission_steers_nothing():
    kept = h.kept_headers(
        {"Authorization": "Bearer x", "Nats-Msg-Id": "a", "Scibus-Not-After": "b", "colour": "red", "Nats-TTL": "3s"}
    )

    assert kept == {
        "Scibus-Source-Nats-Msg-Id": "a",
        "Scibus-Source-Scibus-Not-After": "b",
        "colour": "red",
    }


def test_what_is_kept_twice_is_renamed_once():
    once = h.kept_headers({"Nats-Msg-Id": "a"})

    assert h.kept_headers(once) == once


def test_what_is_submitted_again_steers_nothing_either():
    letter = {"Scibus-State": "failed", "Scibus-Source-Nats-Msg-Id": "a", "Accept": "application/json"}

    assert h.restored_headers(letter) == {"Scibus-Source-Nats-Msg-Id": "a", "Accept": "application/json"}


@pytest.mark.parametrize("text", ["tomorrow", "2026-12-01T00:00:00", ""])
def test_a_time_limit_must_be_a_time_with_its_zone(text):
    with pytest.raises(InvalidRequest, match="Scibus-Not-After"):
        h.read_not_after({"Scibus-Not-After": text})
