"""refget 2.0.0 as it is written."""

from __future__ import annotations

import re

from scibus.sandbox.modos.answers import arguments, json_answer, text_answer
from scibus.sandbox.standin import Request, Response

from .accept import accepts
from .digests import Digests, normalised
from .library import Library

PLAIN = "text/vnd.ga4gh.refget.v2.0.0+plain"
JSON = "application/vnd.ga4gh.refget.v2.0.0+json"
RANGE = re.compile(r"bytes=(\d+)-(\d+)")

SERVICE_INFO = {
    "id": "org.example.refget",
    "name": "refget",
    "type": {"group": "org.ga4gh", "artifact": "refget", "version": "2.0.0"},
    "organization": {"name": "Example", "url": "https://example.org"},
    "version": "1.0.0",
    "refget": {
        "circular_supported": False,
        "subsequence_limit": None,
        "algorithms": ["md5", "ga4gh", "trunc512"],
        "identifier_types": [],
    },
}


class Refusal(Exception):
    """The request gets this status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response = text_answer(message, status)


class Standard:
    """Serves all bytes itself."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def answer(self, request: Request, path: str) -> Response:
        try:
            return await self._answer(request, path)
        except Refusal as refusal:
            return refusal.response

    async def _answer(self, request: Request, path: str) -> Response:
        kind, _, rest = path.lstrip("/").partition("/")
        name, _, part = rest.partition("/")
        if request.method != "GET":
            raise Refusal(405, "Method Not Allowed")
        if path in ("/service-info", "/sequence/service-info"):
            return json_answer(SERVICE_INFO, content_type=JSON)
        if kind != "sequence" or not name or part not in ("", "metadata"):
            raise Refusal(404, "Not Found")
        if not accepts(request, JSON if part else PLAIN):
            raise Refusal(406, "Not Acceptable")
        if normalised(name) is None:
            raise Refusal(400, "Bad Request")
        found = await self._library.find(normalised(name) or "")
        if found is None:
            raise Refusal(404, "Not Found")
        return _metadata(*found) if part else _sequence(request, found[1])


def _metadata(digests: Digests, sequence: bytes) -> Response:
    names = {"md5": digests.md5, "ga4gh": digests.ga4gh, "trunc512": digests.trunc512}
    return json_answer({"metadata": {**names, "length": len(sequence), "aliases": []}}, content_type=JSON)


def _sequence(request: Request, sequence: bytes) -> Response:
    query = arguments(request)
    has_bounds = "start" in query or "end" in query
    range_header = request.headers.get("range")
    if range_header is not None:
        if has_bounds:
            raise Refusal(400, "either start and end, or Range")
        return _range(range_header, sequence)
    if not has_bounds:
        return Response(sequence, 200, PLAIN, {"accept-ranges": "bytes"})
    start, end = _bound(query.get("start", "0")), _bound(query.get("end", str(len(sequence))))
    if start >= len(sequence) or end > len(sequence):
        raise Refusal(416, "Range Not Satisfiable")
    if start > end:
        raise Refusal(501, "circular sequences are not supported")
    return Response(sequence[start:end], 200, PLAIN, {"accept-ranges": "none"})


def _range(header: str, sequence: bytes) -> Response:
    match = RANGE.fullmatch(header)
    if match is None:
        raise Refusal(400, "Bad Request")
    first, last = int(match[1]), int(match[2])
    if first > last or first >= len(sequence):
        raise Refusal(416, "Range Not Satisfiable")
    last = min(last, len(sequence) - 1)
    headers = {"accept-ranges": "bytes", "content-range": f"bytes {first}-{last}/{len(sequence)}"}
    return Response(sequence[first : last + 1], 206, PLAIN, headers)


def _bound(text: str) -> int:
    if not text.isdecimal():
        raise Refusal(400, "Bad Request")
    return int(text)
