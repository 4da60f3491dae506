"""Who may use a service where there is a login."""

from __future__ import annotations

from scibus.sandbox.standin import Request, Response

from .answers import json_answer, text_answer
from .htsget.errors import HtsgetError
from .login import InvalidToken, Tokens


def refusal(request: Request, service: str, tokens: Tokens) -> Response | None:
    """What `service` says to a request without a good bearer token; None to others."""
    try:
        tokens.bearer(request.headers.get("authorization"))
    except InvalidToken as invalid:
        if service == "htsget":
            return HtsgetError("InvalidAuthentication", str(invalid)).response()
        return json_answer({"message": str(invalid)}, 401) if service == "refget" else text_answer(str(invalid), 401)
    return None
