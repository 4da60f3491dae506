"""Ids of jobs that were submitted without one."""

from datetime import UTC, datetime

import pytest

from scibus.bus.digests import request_digest
from scibus.bus.job_ids import sequence_of, sequenced_id
from scibus.contracts.jobs import JobRef
from scibus.contracts.subjects import check_own_id

CREATED = datetime(2026, 11, 25, 15, 25, 28, 178204, tzinfo=UTC)


def test_an_id_holds_when_its_stream_was_made_and_where_the_job_stands():
    assert sequenced_id(CREATED, 42) == "seq-hohsl9ur6k-42"
    assert sequence_of("seq-hohsl9ur6k-42", CREATED) == 42


@pytest.mark.parametrize("job_id", ["seq-hohsl9ur6l-42", "seq-hohsl9ur6k-042", "seq-hohsl9ur6k-", "42", "nightly"])
def test_other_ids_are_none_of_that_stream(job_id):
    assert sequence_of(job_id, CREATED) is None


@pytest.mark.parametrize("job_id", ["seq-1-1", "", "a.b", "x" * 65, "with blank"])
def test_a_submitter_may_not_choose_every_id(job_id):
    with pytest.raises(ValueError, match="cannot be"):
        check_own_id(job_id)


@pytest.mark.parametrize("text", ["drms.export", "drms.export.a.b", "Drms.export.a", "drms.export.a b"])
def test_a_reference_names_service_operation_and_id(text):
    with pytest.raises(ValueError, match=r"names no job|cannot"):
        JobRef.parse(text)


def test_requests_that_differ_in_spelling_only_are_the_same():
    assert request_digest(b'{"a": 1, "b": "\\u00e9"}') == request_digest('{"b":"é","a":1}'.encode())
    assert request_digest(b'{"a":1}') != request_digest(b'{"a":2}')
    assert request_digest(b"\xff") != request_digest(b"\xfe")
