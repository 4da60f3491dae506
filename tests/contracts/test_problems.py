"""Problems say the same as bodies and as exceptions, and repeat nobody's data."""

import pickle

import pytest
from pydantic import ValidationError

from scibus.contracts.drms import ExportRequest, RecordSetQuery
from scibus.contracts.model import parse_body
from scibus.contracts.problems import (
    BackendFault,
    BackendUnavailable,
    FieldError,
    InvalidRequest,
    NotFound,
    Problem,
    ProblemDetails,
)

SLUGS = {
    "invalid-request": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "job-only": 405,
    "conflict": 409,
    "too-large": 413,
    "unsupported": 415,
    "cancelled": 499,
    "internal": 500,
    "bad-backend-answer": 502,
    "backend-unavailable": 503,
    "overloaded": 503,
    "deadline": 504,
}


@pytest.mark.parametrize(("slug", "status"), SLUGS.items())
def test_every_slug_of_the_protocol_has_an_exception(slug, status):
    told = ProblemDetails(type=f"urn:scibus:problem:{slug}", title="t", status=status, detail="d")

    problem = Problem.from_details(told)

    assert type(problem) is not Problem
    assert (problem.slug, problem.status, problem.details) == (slug, status, told)


def test_a_problem_of_a_later_version_is_still_a_problem():
    told = ProblemDetails(type="urn:scibus:problem:brand-new", title="New", status=418, detail="tea")

    assert str(Problem.from_details(told)) == "tea"


def test_a_problem_survives_pickling():
    copy = pickle.loads(pickle.dumps(NotFound("no such series")))

    assert isinstance(copy, NotFound)
    assert copy.details.detail == "no such series"


def test_no_address_stands_in_a_problem():
    fault = BackendFault(name="jsoc", message="User jane@example.org waits")
    problem = BackendUnavailable(
        "jane@example.org waits",
        errors=[FieldError(field="jane@example.org", message="jane@example.org")],
        backend=fault,
    )

    assert "jane" not in problem.details.model_dump_json()
    assert "jane" not in str(problem)


def test_every_offending_field_is_named_and_no_value_repeated():
    with pytest.raises(ValidationError) as raised:
        ExportRequest.model_validate({"notify": 7, "method": "SECRET", "protocol": "SECRET"})

    told = InvalidRequest.from_validation(raised.value)

    assert [error.field for error in told.details.errors] == ["ds", "notify", "method", "protocol"]
    assert "SECRET" not in told.details.model_dump_json()


def test_unknown_members_are_named_with_their_place():
    body = b'{"ds":"a","notify":"a@b.cc","protocol":"jpg","later":1}'

    order, ignored = parse_body(ExportRequest, body)

    assert order.protocol == "jpg"
    assert ignored == ["later"]


def test_a_model_that_forbids_unknown_members_still_does():
    body = b'{"ds":"a","notify":"a@b.cc","protocol":"jpg","protocol_args":{"colour":1}}'

    with pytest.raises(ValidationError, match="colour"):
        parse_body(ExportRequest, body)


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"\xff", b'"text"', b"{" * 5000])
def test_a_body_that_is_no_object_is_refused(body):
    with pytest.raises(ValidationError):
        parse_body(RecordSetQuery, body)


def test_a_problem_fits_into_a_message_whatever_a_backend_says():
    endless = "x" * 2_000_000
    fault = BackendFault(name="jsoc", message=endless)
    errors = [FieldError(field=endless, message=endless)] * 1000

    problem = BackendUnavailable(endless, title=endless, backend=fault, errors=errors)

    assert len(problem.details.model_dump_json()) < 100_000


def test_no_address_stands_in_a_title():
    assert "jane" not in BackendUnavailable(title="jane@example.org waits").details.title
