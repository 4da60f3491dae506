"""Answers that several of the services give, and what they read of a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from scibus.sandbox.standin import Request, Response

NO_HEADERS: Mapping[str, str] = {}


def json_answer(
    document: object,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] = NO_HEADERS,
) -> Response:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, content_type, headers)


def text_answer(text: str, status: int) -> Response:
    return Response(text.encode(), status, "text/plain; charset=utf-8")


def arguments(request: Request) -> dict[str, str]:
    """What the query string says, the last where a name comes twice."""
    return dict(parse_qsl(request.query, keep_blank_values=True))


# What FastAPI sends, which the MODOS server and the key service stand on.
NOT_FOUND = json_answer({"detail": "Not Found"}, 404)
NOT_ALLOWED = json_answer({"detail": "Method Not Allowed"}, 405, headers={"allow": "GET"})
INTERNAL_ERROR = text_answer("Internal Server Error", 500)


def missing(place: str, name: str) -> Response:
    """Something required was not in the query or among the headers."""
    return _invalid({"type": "missing", "loc": [place, name], "msg": "Field required", "input": None})


def no_boolean(name: str, value: str) -> Response:
    message = "Input should be a valid boolean, unable to interpret input"
    return _invalid({"type": "bool_parsing", "loc": ["query", name], "msg": message, "input": value})


def _invalid(error: Mapping[str, object]) -> Response:
    url = f"https://errors.pydantic.dev/2.14/v/{error['type']}"
    return json_answer({"detail": [{**error, "url": url}]}, 422)
