"""Addresses are hidden, however they are written; nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scibus.contracts.redaction import redact, redact_all, shorten

LOCAL = st.from_regex(r"[A-Za-z0-9._%+-]{1,20}", fullmatch=True)
DOMAIN = st.from_regex(r"([A-Za-z0-9-]{1,10}\.){1,3}[A-Za-z]{2,6}", fullmatch=True)


@given(local=LOCAL, domain=DOMAIN, at=st.sampled_from(["@", "%40", "%2540"]))
def test_no_address_survives(local, domain, at):
    assert at not in redact(f"User {local}{at}{domain} has 1 pending export request")


@pytest.mark.parametrize(
    "text",
    [
        "hmi.v_45s[2013.07.03_08:42_TAI/3m@90s]",
        "aia.lev1_euv_12s[2015.10.17_04:33:30/300m@84s][171]",
        "hmi.v_45s[2013.07.03/1d@1.5h]",
        "40 records of hmi.m_720s",
        "http://jsoc.stanford.edu/SUM40/D400/S00000/a.b.fits",
    ],
)
def test_record_sets_and_paths_stay_as_they_are(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    "address",
    [
        '"jane doe"@example.org',
        "jane@[10.0.0.1]",
        "jane%40example%2Eorg",
        "jane\uff20example.org",
        "o'brien@example.org",
    ],
)
def test_rare_forms_of_addresses_are_hidden(address):
    hidden = redact(f"User {address} waits")

    assert "@" not in hidden
    assert "example" not in hidden
    assert "40" not in hidden


def test_a_long_word_takes_no_long_time():
    redact("a" * 200_000 + "40")


def test_where_a_text_is_cut_no_half_address_stays():
    assert shorten("User jane.doe@example.org waits", 20) == "User <address> …"


def test_an_address_in_a_query_string_is_hidden():
    hidden = redact("GET /jsoc_fetch?op=exp_request&notify=jane.doe%40example.org&method=url")

    assert hidden == "GET /jsoc_fetch?op=exp_request&notify=<address>&method=url"


def test_addresses_are_hidden_however_deep():
    assert redact_all({"a@b.cc": ["x", ("a@b.cc",)]}) == {"<address>": ["x", ["<address>"]]}
