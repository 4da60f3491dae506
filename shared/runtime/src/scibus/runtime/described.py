"""The worker's own part of the AsyncAPI document over HTTP: /asyncapi for people, /asyncapi.json for programs."""

import asyncio
import json
from functools import cached_property
from typing import Any

from faststream.asgi import AsgiResponse, get

from scibus.bus.asyncapi import describe, page
from scibus.contracts.operations import Service


class _Pages:
    """Made when first asked for, and kept."""

    def __init__(self, service: type[Service], version: str) -> None:
        self._service = service
        self._version = version

    @cached_property
    def _document(self) -> dict[str, Any]:
        return describe([self._service], self._version)

    @cached_property
    def json(self) -> bytes:
        return json.dumps(self._document).encode()

    @cached_property
    def html(self) -> bytes:
        return page(self._document).encode()


def description_routes(service: type[Service], version: str) -> list[tuple[str, Any]]:
    """The pages that describe `service`, as routes of a FastStream ASGI app."""
    pages = _Pages(service, version)

    @get(include_in_schema=False)
    async def html(_scope: Any) -> AsgiResponse:
        body = await asyncio.to_thread(lambda: pages.html)
        return AsgiResponse(body, 200, {"Content-Type": "text/html; charset=utf-8"})

    @get(include_in_schema=False)
    async def document(_scope: Any) -> AsgiResponse:
        body = await asyncio.to_thread(lambda: pages.json)
        return AsgiResponse(body, 200, {"Content-Type": "application/json"})

    return [("/asyncapi", html), ("/asyncapi.json", document)]
