"""A request as it came and a response as it shall leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """One HTTP request, its body complete.

    `path` and `query` are the raw text of the request line: nothing in them has been decoded. `client` is the common
    name in the certificate that the client has shown, where the server asks for one.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str | None = None

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @cached_property
    def form(self) -> dict[str, str]:
        """Arguments of the query string and of an urlencoded body; octets beyond ASCII are read as latin-1."""
        pairs = parse_qsl(self.query, keep_blank_values=True, encoding="latin-1")
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            pairs += parse_qsl(self.body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
        return dict(pairs)


@dataclass(frozen=True)
class Delivery:
    """How a body travels: whole and at once unless said otherwise.

    With `cut_after` the announced Content-Length stays that of the whole body and the connection closes early.
    """

    cut_after: int | None = None
    bytes_per_second: float | None = None


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery()

    @classmethod
    def html(cls, text: str, status: int) -> Response:
        return cls(text.encode("latin-1"), status, "text/html; charset=iso-8859-1")
