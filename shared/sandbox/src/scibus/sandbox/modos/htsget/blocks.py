"""The blocks: files behind signed URLs at an address of their own, as an S3 server gives them."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

from scibus.sandbox.modos.answers import arguments
from scibus.sandbox.modos.objects import REFERENCE_BUCKET, Buckets
from scibus.sandbox.modos.settings import ModosSettings
from scibus.sandbox.standin import Request, Response

RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class BlockStore:
    """Reads whatever a good signature goes with; the bucket of sequences is anybody's.

    Args:
        url: of the address, without a slash at its end.
    """

    def __init__(self, buckets: Buckets, settings: ModosSettings, url: Callable[[], str]) -> None:
        self._buckets = buckets
        self._settings = settings
        self.base = url
        self._secret = secrets.token_bytes(32)
        self._not_before = 0.0

    @staticmethod
    def operation(path: str) -> str:
        """ "block", or "object" in the bucket that is anybody's."""
        return "object" if path.startswith(f"/{REFERENCE_BUCKET}/") else "block"

    def signed(self, key: str) -> str:
        """URL of `key`, which begins with its bucket."""
        path, date = f"/{quote(key)}", f"{time.time():.6f}"
        expires = f"{float(date) + self._settings.block_seconds:.6f}"
        signature = self._signature(path, date, expires)
        query = {"AWSAccessKeyId": "GKblocks", "Date": date, "Expires": expires, "Signature": signature}
        return f"{self.base()}{path}?{urlencode(query)}"

    def expire(self) -> None:
        """Let no URL be good any more that has been given away."""
        self._not_before = time.time()

    async def answer(self, request: Request) -> Response:
        bucket, _, key = unquote(request.path).lstrip("/").partition("/")
        if bucket != REFERENCE_BUCKET and (refusal := self._refusal(request)) is not None:
            return refusal
        if request.method != "GET":
            return _error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        file = await self._buckets.local(bucket, key) if key else None
        if file is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        return await asyncio.to_thread(_part, file, request.headers.get("range"))

    def _refusal(self, request: Request) -> Response | None:
        if "authorization" in request.headers:
            return _error(400, "InvalidArgument", "Only one auth mechanism allowed")
        query = arguments(request)
        date, expires, signature = (query.get(name, "") for name in ("Date", "Expires", "Signature"))
        if not hmac.compare_digest(signature.encode(), self._signature(request.path, date, expires).encode()):
            message = "The request signature we calculated does not match the signature you provided."
            return _error(403, "SignatureDoesNotMatch", message)
        if float(expires) <= time.time() or float(date) <= self._not_before:
            return _error(403, "AccessDenied", "Request has expired")
        return None

    def _signature(self, path: str, date: str, expires: str) -> str:
        return hmac.digest(self._secret, f"{path}\n{date}\n{expires}".encode(), sha256).hex()


def _part(file: Path, wanted: str | None) -> Response:
    about = file.stat()
    size = about.st_size
    headers = {"accept-ranges": "bytes", "etag": f'"{about.st_mtime_ns:x}-{size:x}"'}
    match = RANGE.fullmatch(wanted or "")
    if match is None:
        return Response(file.read_bytes(), 200, "binary/octet-stream", headers)
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    if first > last:
        return _error(416, "InvalidRange", "The requested range is not satisfiable")
    with file.open("rb") as content:
        content.seek(first)
        body = content.read(last - first + 1)
    return Response(body, 206, "binary/octet-stream", {**headers, "content-range": f"bytes {first}-{last}/{size}"})


def _error(status: int, code: str, message: str) -> Response:
    text = (
        f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{secrets.token_hex(8)}</RequestId></Error>"
    )
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode(), status, "application/xml")
