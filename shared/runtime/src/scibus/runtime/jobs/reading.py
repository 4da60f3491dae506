"""The request in a job."""

from typing import Any

from pydantic import ValidationError

from scibus.bus import headers as h
from scibus.contracts.model import Contract, parse_body
from scibus.contracts.operations import Operation
from scibus.contracts.problems import InvalidRequest, Problem
from scibus.contracts.subjects import check_job_id
from scibus.runtime.jobs.delivery import Delivery
from scibus.runtime.replies import accepted_type


def read_request(operation: Operation[..., Any, Any], delivery: Delivery) -> tuple[Contract, list[str]] | Problem:
    """The request body, and the names in it that the operation does not know; or why it is no request."""
    try:
        check_job_id(delivery.ref.job_id)
        accepted_type(operation, delivery.headers.get(h.ACCEPT))
        h.read_not_after(delivery.headers)
        return parse_body(operation.model, delivery.data)
    except ValidationError as error:
        return InvalidRequest.from_validation(error)
    except ValueError as error:
        return InvalidRequest(str(error))
    except Problem as problem:
        return problem
