"""Errors of htsget servers, and what they mean to whoever asked."""

from typing import Any

from scibus.contracts.problems import (
    BackendFault,
    BadBackendAnswer,
    Forbidden,
    InvalidRequest,
    NotFound,
    Problem,
    TooLarge,
    Unauthenticated,
    Unsupported,
)
from scibus.modos.access.bearer import LOGIN
from scibus.runtime.http.web_service import Answer

NAMED: dict[str, type[Problem]] = {
    "InvalidAuthentication": Unauthenticated,
    "PermissionDenied": Forbidden,
    "NotFound": NotFound,
    "PayloadTooLarge": TooLarge,
    "UnsupportedFormat": Unsupported,
    "InvalidInput": InvalidRequest,
    "InvalidRange": InvalidRequest,
}
BY_STATUS: dict[int, type[Problem]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: Unsupported,
    413: TooLarge,
    415: Unsupported,
    501: Unsupported,
}
STATUSES = frozenset({400, 401, 403, 404, 405, 406, 409, 410, 413, 414, 415, 422, 501})
"""With which servers refuse a question for good."""
ADVICE: dict[type[Problem], str] = {
    Unauthenticated: f": {LOGIN}",
    Forbidden: ": ask the owner of the file",
    TooLarge: ": ask for smaller regions",
}


def refusal(answer: Answer, what: str) -> Problem:
    """The problem that `answer` tells about `what`: by htsget's own words, else by its status."""
    error, message = htsget_error(answer)
    kind = NAMED.get(error or "") or BY_STATUS.get(answer.status)
    fault = BackendFault(name=answer.server, status=answer.status, code=error, message=message or answer.reason)
    if kind is None:
        said = f"{error or f'HTTP {answer.status}'}{f': {message}' if message else ''}"
        return BadBackendAnswer(f"{answer.server} refuses {what} with {said[:500]}", backend=fault)
    said = message or f"HTTP {answer.status}"
    return kind(f"{answer.server} refuses {what} ({said[:500]}){ADVICE.get(kind, '')}", backend=fault)


def htsget_error(answer: Answer) -> tuple[str | None, str | None]:
    """Kind and message of an htsget error; None where the answer is no such."""
    try:
        told: Any = answer.json()
    except Problem:
        return None, None
    error = told.get("htsget") if isinstance(told, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("error"), str):
        return None, None
    message = error.get("message")
    return error["error"], message if isinstance(message, str) else None
