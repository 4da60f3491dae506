"""What the deployed refget-cloud does: it mostly sends clients to the store, whether or not there is something."""

from __future__ import annotations

from collections.abc import Callable

from scibus.sandbox.modos.answers import arguments, json_answer
from scibus.sandbox.modos.objects import REFERENCE_BUCKET, Buckets
from scibus.sandbox.standin import Request, Response

from .accept import accepts
from .publishing import METADATA, SEQUENCES

PLAIN = "text/vnd.ga4gh.refget.v1.0.0+plain"
JSON = "application/vnd.ga4gh.refget.v1.0.0+json"

SERVICE_INFO = {
    "service": {
        "circular_supported": False,
        "algorithms": ["md5", "trunc512"],
        "subsequence_limit": 300000,
        "supported_api_versions": ["1.0"],
    }
}
NOTHING_HERE = Response(
    b"<html><title>404: Not Found</title><body>404: Not Found</body></html>", 404, "text/html; charset=UTF-8"
)


class Cloud:
    """Names of all kinds are taken for keys of the bucket."""

    def __init__(self, buckets: Buckets, bucket_url: Callable[[], str]) -> None:
        self._buckets = buckets
        self._bucket_url = bucket_url

    async def answer(self, request: Request, path: str) -> Response:
        kind, _, rest = path.lstrip("/").partition("/")
        name, _, part = rest.partition("/")
        if request.method != "GET" or kind != "sequence" or not name or part not in ("", "metadata"):
            return NOTHING_HERE
        if name == "service-info":
            return json_answer(SERVICE_INFO, content_type=JSON)
        if not accepts(request, JSON if part else PLAIN):
            return _refusal(406, "requested media type(s) not supported")
        if part:
            return self._elsewhere(f"{METADATA}{name}.json", JSON)
        return await self._sequence(request, f"{SEQUENCES}{name}")

    async def _sequence(self, request: Request, key: str) -> Response:
        query = arguments(request)
        if "start" not in query and "end" not in query:
            return self._elsewhere(key, PLAIN)
        if "range" in request.headers:
            return _refusal(400, "Cannot provide both sequence start/end AND Range")
        bounds = [query.get("start", "0"), query.get("end", "")]
        if not all(bound.isdecimal() or not bound for bound in bounds):
            return _refusal(400, "start/end must be unsigned int")
        start, end = int(bounds[0] or 0), int(bounds[1]) if bounds[1] else None
        if end is not None and start > end:
            return _refusal(501, "server DOES NOT support circular sequences, end MUST be higher than start")
        content = await self._buckets.read(REFERENCE_BUCKET, key)
        if content is None:
            return _refusal(404, f"sequence {key.removeprefix(SEQUENCES)} not found")
        # Nothing is out of bounds: it looks for the length where its metadata do not have it.
        return Response(content[start:end], 200, PLAIN)

    def _elsewhere(self, key: str, content_type: str) -> Response:
        return Response(b"", 302, content_type, {"location": f"{self._bucket_url()}/{key}"})


def _refusal(status: int, message: str) -> Response:
    return json_answer({"message": message}, status, JSON)
