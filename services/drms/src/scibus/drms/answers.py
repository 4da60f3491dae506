"""What JSOC really sends: bodies that are nearly JSON, errors that come with HTTP 200, pages instead of answers."""

import json
import re
from typing import Any

from scibus.contracts.problems import (
    BackendFault,
    BackendUnavailable,
    BadBackendAnswer,
    InvalidRequest,
    NotFound,
    Overloaded,
    Problem,
    TooLarge,
)

# The answer to a bad series filter does not quote its message.
_UNQUOTED = re.compile(r'("errmsg"\s*:\s*)([^"\s{\[][^}\n]*?)\s*}')
_LONGEST_EXCERPT = 200
_NOTHING_QUEUED = ("new export-request hash", "cant get new requestid")
PENDING_LIMIT = 7
BUSY_SECONDS = 60.0
"""After which time an export may be ordered again while another one is pending."""


def decode(body: bytes, encoding: str, server: str) -> dict[str, Any]:
    """The JSON object in `body`.

    Of two documents in a row the first one counts: JSOC goes on after it has refused a character.

    Raises:
        BackendUnavailable: the body is empty or an HTML page, as in maintenance.
        BadBackendAnswer: it is something else that is no JSON object.
    """
    text = body.decode(encoding, errors="replace").strip()
    if not text:
        raise BadBackendAnswer(f"{server} sent an empty answer: it does not know the operation, or it broke off")
    if text.startswith("<"):
        raise BackendUnavailable(
            f"{server} sent an HTML page instead of an answer: it may be in maintenance",
            title=f"{server.upper()} is in maintenance",
            backend=BackendFault(name=server, message=_title(text)),
        )
    for candidate in (text, _UNQUOTED.sub(lambda found: f"{found[1]}{json.dumps(found[2])}}}", text)):
        try:
            answer, _ = json.JSONDecoder(strict=False).raw_decode(candidate)
        except ValueError:
            continue
        if isinstance(answer, dict):
            return answer
    raise BadBackendAnswer(
        f"{server} sent no JSON object", backend=BackendFault(name=server, message=text[:_LONGEST_EXCERPT])
    )


def status(answer: dict[str, Any], server: str) -> int:
    """`status` as a number: a finished export tells it as text.

    Raises:
        BadBackendAnswer: there is none; no answer is taken for a success that does not say so.
    """
    code = integer(answer.get("status"))
    if code is None:
        fault = BackendFault(name=server, message=message(answer))
        raise BadBackendAnswer(f"{server} tells no status: {message(answer)}", backend=fault)
    return code


def integer(value: Any) -> int | None:
    """A whole number that may have come as text; None where there is none ("NA", "")."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(str(value), 0) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        return None


def real(value: Any) -> float | None:
    """A number that may have come as text."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def text(value: Any) -> str | None:
    """A text, absent when empty."""
    return str(value) if value not in (None, "") else None


def message(answer: dict[str, Any]) -> str:
    """What JSOC says about an error, in one line."""
    said = answer.get("error") or answer.get("errmsg") or answer.get("errMsg") or answer.get("msg") or "no reason given"
    return " ".join(str(said).split())


def problem(answer: dict[str, Any], server: str) -> Problem:
    """The problem that an answer with an error status tells."""
    code, said = status(answer, server), message(answer)
    fault = BackendFault(name=server, code=code, message=said)
    known = _known_problem(code, said.lower(), said, fault)
    return known or BadBackendAnswer(f"{server} reports status {code}: {said}", backend=fault)


def is_busy(problem: Problem) -> bool:
    """Whether an order was refused because the address has an export pending."""
    return _refusal_code(problem) == PENDING_LIMIT


def was_refused(problem: Problem) -> bool:
    """Whether JSOC itself answered an order with an error: then nothing was queued."""
    return _refusal_code(problem) > 0


def was_ended(problem: Problem) -> bool:
    """Whether JSOC itself said that an export ended badly, or that it knows none."""
    return _refusal_code(problem) != 0


def is_passing(problem: Problem) -> bool:
    """Whether an order was refused for a reason that passes within seconds."""
    said = (problem.details.backend and problem.details.backend.message) or ""
    return was_refused(problem) and any(text in said.lower() for text in _NOTHING_QUEUED)


def _refusal_code(problem: Problem) -> int:
    code = problem.details.backend and problem.details.backend.code
    return code if isinstance(code, int) else 0


def _known_problem(code: int, lower: str, said: str, fault: BackendFault) -> Problem | None:
    if code == 3:
        return TooLarge(f"{said}: narrow the record set or ask for fewer segments", backend=fault)
    if code in (5, 6) or "series not found" in lower or "does not exist" in lower or "invalid export drms" in lower:
        return NotFound(said, backend=fault, retryable=code == 6)
    if code == PENDING_LIMIT:
        return Overloaded(
            f"{said} An address has one export at a time: wait for it, or cancel it.",
            backend=fault,
            retry_after=BUSY_SECONDS,
        )
    if code == 25:
        return BackendUnavailable(said, backend=fault, retryable=False)
    if code < 0:
        return BackendUnavailable(f"the query was broken off: {said}", backend=fault)
    if "database query" in lower or any(text in lower for text in _NOTHING_QUEUED):
        return BackendUnavailable(said, backend=fault)
    if "error checking list" in lower:
        return BackendUnavailable(said, backend=fault)
    if code in (1, 4):
        return InvalidRequest(said, backend=fault)
    return None


def _title(page: str) -> str | None:
    found = re.search(r"<(title|h1)[^>]*>(.*?)</\1>", page, re.IGNORECASE | re.DOTALL)
    return " ".join(found[2].split())[:_LONGEST_EXCERPT] if found else None
