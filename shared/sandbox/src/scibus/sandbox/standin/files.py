"""Files over HTTP as Apache serves them: entity tags, single byte ranges, conditional resumption."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from functools import cached_property
from hashlib import sha256

from .http import Request, Response

RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


@dataclass(frozen=True)
class ServedFile:
    """One file, ready to be asked for.

    Attributes:
        modified: seconds since the epoch.
    """

    content: bytes
    content_type: str
    modified: float

    @cached_property
    def etag(self) -> str:
        return f'"{sha256(self.content).hexdigest()[:16]}"'

    @property
    def last_modified(self) -> str:
        return formatdate(self.modified, usegmt=True)

    def response(self, request: Request) -> Response:
        """The whole file, or the part of it that `request` names by Range and If-Range."""
        headers = {"accept-ranges": "bytes", "etag": self.etag, "last-modified": self.last_modified}
        wanted = self._wanted_range(request)
        if wanted is None:
            return Response(self.content, 200, self.content_type, headers)
        size = len(self.content)
        if not wanted:
            headers["content-range"] = f"bytes */{size}"
            return Response(b"", 416, self.content_type, headers)
        headers["content-range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
        return Response(self.content[wanted.start : wanted.stop], 206, self.content_type, headers)

    def _wanted_range(self, request: Request) -> range | None:
        """The asked bytes, empty when there are none such; None for the whole file."""
        match = RANGE.match(request.headers.get("range", ""))
        if match is None or match[0] == "bytes=-":
            return None
        if request.headers.get("if-range", self.etag) not in (self.etag, self.last_modified):
            return None
        first, last = match.groups()
        size = len(self.content)
        if not first:
            return range(max(0, size - int(last)), size)
        return range(int(first), min(size, int(last) + 1) if last else size)
