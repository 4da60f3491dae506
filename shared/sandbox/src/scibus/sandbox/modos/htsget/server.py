"""The endpoints for tickets."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from scibus.sandbox.modos.answers import NOT_FOUND, json_answer
from scibus.sandbox.modos.settings import ModosSettings
from scibus.sandbox.standin import Request, Response

from .blocks import BlockStore
from .errors import CONTENT_TYPE, HtsgetError
from .genome_file import pieces
from .pieces import Inline, Piece, cut, digest
from .query import FORMATS, TicketQuery, from_body, from_url
from .shelf import Shelf

SERVICE_INFO = "service-info"
WRONG_MD5 = "0" * 32


class Htsget:
    """Writes tickets for the files of the bucket; their blocks are at `blocks`."""

    def __init__(self, shelf: Shelf, blocks: BlockStore, settings: ModosSettings) -> None:
        self._shelf = shelf
        self._blocks = blocks
        self._settings = settings

    @staticmethod
    def operation(path: str) -> str:
        """ "ticket" or "service_info"; the path itself where there is nothing."""
        kind, _, identifier = path.lstrip("/").partition("/")
        if kind not in FORMATS or not identifier:
            return path
        return "service_info" if identifier == SERVICE_INFO else "ticket"

    async def answer(self, request: Request, path: str) -> Response:
        kind, _, identifier = path.lstrip("/").partition("/")
        if kind not in FORMATS or not identifier or request.method not in ("GET", "POST"):
            return NOT_FOUND
        if identifier == SERVICE_INFO:
            return json_answer(_service_info(kind))
        try:
            query = (from_url if request.method == "GET" else from_body)(request, kind)
            return await self._ticket(unquote(identifier), query)
        except HtsgetError as error:
            return error.response()

    async def _ticket(self, identifier: str, query: TicketQuery) -> Response:
        key, path, file = await self._shelf.find(identifier, query.format)
        found = await asyncio.to_thread(pieces, file, query.part, query.regions)
        ticket: dict[str, Any] = {"format": query.format, "urls": self._urls(key, found)}
        if self._settings.md5 != "off":
            ticket["md5"] = await self._digest(found, path)
        return json_answer({"htsget": ticket}, content_type=CONTENT_TYPE)

    def _urls(self, key: str, found: Iterable[Piece]) -> list[dict[str, Any]]:
        urls: list[dict[str, Any]] = []
        for piece in cut(found, self._settings.block_size):
            if isinstance(piece, Inline):
                entry: dict[str, Any] = {"url": f"data:;base64,{base64.b64encode(piece.content).decode()}"}
            else:
                span = f"bytes={piece.start}-{piece.end - 1}"
                entry = {"url": self._blocks.signed(key), "headers": {"Range": span}}
            if self._settings.classes:
                entry["class"] = piece.part
            urls.append(entry)
        return urls

    async def _digest(self, found: list[Piece], path: Path) -> str:
        return WRONG_MD5 if self._settings.md5 == "wrong" else await asyncio.to_thread(digest, found, path)


def _service_info(kind: str) -> dict[str, Any]:
    return {
        "id": f"org.example.htsget.{kind}",
        "name": f"htsget for {kind}",
        "type": {"group": "org.ga4gh", "artifact": "htsget", "version": "1.3.0"},
        "organization": {"name": "Example", "url": "https://example.org"},
        "version": "0.6.1",
        "htsget": {
            "datatype": kind,
            "formats": list(FORMATS[kind]),
            "fieldsParameterEffective": False,
            "tagsParametersEffective": False,
        },
    }
