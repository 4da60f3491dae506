"""The endpoints of both generations, with their shapes and their defects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from difflib import SequenceMatcher
from typing import Any

from scibus.sandbox.modos.answers import (
    INTERNAL_ERROR,
    NOT_ALLOWED,
    NOT_FOUND,
    arguments,
    json_answer,
    missing,
    no_boolean,
)
from scibus.sandbox.modos.objects import RELEASE_BUCKET, Buckets
from scibus.sandbox.modos.settings import ModosSettings
from scibus.sandbox.standin import Request, Response

from . import catalogue

OPERATIONS = {"/": "root", "/list": "list", "/meta": "meta", "/get": "get"}
TRUE, FALSE = {"true", "1", "yes", "on", "t", "y"}, {"false", "0", "no", "off", "f", "n"}
ALIKE = 0.7

Services = Callable[[], Mapping[str, Any]]
"""The services by name, in the order of `/`; those that there are none of are None."""


class ModosServer:
    """Lists one bucket, and knows where the services are."""

    def __init__(self, buckets: Buckets, settings: ModosSettings, services: Services) -> None:
        self._buckets = buckets
        self._settings = settings
        self._services = services
        self._answers: dict[str, Callable[[Mapping[str, str]], Awaitable[Response]]] = {
            "root": self._root,
            "list": self._list,
            "meta": self._meta,
            "get": self._get,
        }

    @staticmethod
    def operation(path: str) -> str:
        """ "root", "list", "meta" or "get"; the path itself where there is nothing."""
        return OPERATIONS.get(path, path)

    async def answer(self, request: Request, path: str, base: str) -> Response:
        """What is at `path`, seen from `base`, the server's own URL."""
        operation = OPERATIONS.get(path)
        if operation is None and path.rstrip("/") in OPERATIONS:
            query = f"?{request.query}" if request.query else ""
            return Response(b"", 307, headers={"location": f"{base}{path.strip('/')}{query}"})
        if operation is None:
            return NOT_FOUND
        if request.method != "GET":
            return NOT_ALLOWED
        try:
            return await self._answers[operation](arguments(request))
        except catalogue.Unreadable:
            return INTERNAL_ERROR

    @property
    def _is_release(self) -> bool:
        return self._settings.generation == "0.3.5"

    @property
    def _bucket(self) -> str:
        return RELEASE_BUCKET if self._is_release else self._buckets.place.bucket

    async def _paths(self) -> list[str]:
        return await (catalogue.release_paths if self._is_release else catalogue.paths)(self._buckets, self._bucket)

    def _uri(self, path: str) -> str:
        return f"s3://{self._bucket}/{path}"

    async def _root(self, query: Mapping[str, str]) -> Response:
        services = dict(self._services())
        if self._is_release:
            services = {name: services[name] for name in ("s3", "htsget", "fuzon", "refget")}
        return json_answer({"status": "success", **services})

    async def _list(self, query: Mapping[str, str]) -> Response:
        uris = [self._uri(path) for path in await self._paths()]
        return json_answer({"modos" if self._is_release else "data": uris})

    async def _meta(self, query: Mapping[str, str]) -> Response:
        read = catalogue.release_meta if self._is_release else catalogue.meta
        paths = await self._paths()
        elements = await asyncio.gather(*(read(self._buckets, self._bucket, path) for path in paths))
        found = dict(zip(paths, elements, strict=True))
        if self._is_release:
            return json_answer({f"{self._bucket}/{path}": meta for path, meta in found.items()})
        return json_answer({"data": [{"meta": meta, "path": self._uri(path)} for path, meta in found.items()]})

    async def _get(self, query: Mapping[str, str]) -> Response:
        switch = "exact_match" if self._is_release else "fuzzy"
        wanted = query.get("query")
        if wanted is None:
            return missing("query", "query")
        if query.get(switch, "false").lower() not in TRUE | FALSE:
            return no_boolean(switch, query[switch])
        if not self._is_release:
            # The newer server compares texts with paths, and looks through a generator twice.
            return json_answer({"data": []})
        exact = query.get(switch, "false").lower() in TRUE
        return json_answer([self._found(path) for path in _matches(wanted, await self._paths(), exact)])

    def _found(self, path: str) -> dict[str, dict[str, str]]:
        place = {"s3_endpoint": str(self._services()["s3"]), "modo_path": self._uri(path)}
        return {f"{self._bucket}/{path}": place}


def _matches(wanted: str, names: list[str], exact: bool) -> list[str]:
    """The release compares with names that begin with a slash."""
    if exact:
        return [name for name in names if f"/{name}" == wanted]
    ratios = {name: SequenceMatcher(None, wanted, f"/{name}").quick_ratio() for name in names}
    return sorted((name for name in names if ratios[name] > ALIKE), key=lambda name: -ratios[name])
