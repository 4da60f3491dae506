"""An htsget server that says what it is told to say, and hosts of blocks, on sockets."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from scibus.sandbox.standin import Operation, Request, Response, StandIn
from scibus.sandbox.standin.files import ServedFile


class TicketHost(StandIn):
    """Answers with the tickets it has, the last one again and again."""

    name = "tickets"

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Response] = []
        self.bodies: list[bytes] = []

    def says(self, *told: Any, status: int = 200) -> None:
        """Answer with those documents, one after the other."""
        self.answers = [Response(json.dumps(document).encode(), status) for document in told]

    def operation(self, request: Request) -> Operation:
        return Operation(request.method, {"target": request.target})

    async def answer(self, request: Request) -> Response:
        self.bodies.append(request.body)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def configure(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return settings


class BlockHost(StandIn):
    """Serves files with entity tags and ranges; paths can go out of date or lead elsewhere."""

    name = "blocks"

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.without_tag: set[str] = set()
        self.ignores_ranges = False

    def holds(self, path: str, content: bytes) -> str:
        """Have `content` at `path`, and say where that is."""
        self.files[path] = content
        return self.url + path

    def operation(self, request: Request) -> Operation:
        return Operation("block", {"path": request.path.lstrip("/")})

    async def answer(self, request: Request) -> Response:
        path = request.path.lstrip("/")
        if path in self.moved:
            return Response(b"", 302, headers={"location": self.moved[path]})
        if path not in self.files:
            return Response(b"<Error>no such key</Error>" * 20, 404, "application/xml")
        served = ServedFile(self.files[path], "application/octet-stream", 0.0)
        if self.ignores_ranges:
            return Response(served.content, 200)
        response = served.response(request)
        if path in self.without_tag:
            kept = {name: value for name, value in response.headers.items() if name == "content-range"}
            return Response(response.body, response.status, headers=kept)
        return response

    def configure(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return settings


def ticket(*urls: str | dict[str, Any], form: str = "BAM", md5: str | None = None) -> dict[str, Any]:
    """A ticket for blocks at `urls`."""
    blocks = [{"url": url} if isinstance(url, str) else url for url in urls]
    return {"htsget": {"format": form, "urls": blocks} | ({"md5": md5} if md5 else {})}


def inline(data: bytes) -> str:
    """A block in the ticket itself."""
    return "data:;base64," + base64.b64encode(data).decode()


def part(url: str, first: int, last: int | str, **headers: str) -> dict[str, Any]:
    """A block that is some of the bytes at `url`."""
    return {"url": url, "headers": {"Range": f"bytes={first}-{last}", **headers}}
