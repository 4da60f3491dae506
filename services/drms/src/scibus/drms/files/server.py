"""The files of one server: where they lie, and fetching one whole."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from scibus.contracts.problems import BadBackendAnswer, NotFound, Unsupported
from scibus.drms.connections import Connections
from scibus.drms.files.download import Download
from scibus.drms.files.filenames import media_type
from scibus.drms.files.listing import WantedFile
from scibus.drms.files.verifying import FITS, check_is_no_page, verified
from scibus.drms.servers import ServerConfig
from scibus.drms.settings import DrmsSettings
from scibus.runtime.http import Observe
from scibus.runtime.http.addresses import same_origin
from scibus.runtime.http.resuming import StartAgain, pause

Stored = TypeVar("Stored")
Store = Callable[[AsyncIterator[bytes], str], Awaitable[Stored]]
"""Takes the content of a file as it comes, and its media type."""

TRIES_WITHOUT_FILE = 2
"""A file may appear a moment after the export is said to be done."""


class FileServer:
    """What a DRMS server lets download."""

    def __init__(
        self, server: ServerConfig, settings: DrmsSettings, connections: Connections, observe: Observe
    ) -> None:
        self._server = server
        self._tries = settings.attempts
        self._connections = connections
        self._observe = observe

    @property
    def width(self) -> int:
        """How many files may be fetched at once."""
        return self._connections.width

    def check(self) -> None:
        """See that there are downloads at all.

        Raises:
            Unsupported: the server has none.
        """
        self._base()

    def url(self, path: str) -> str:
        """Where the file at `path` can be had, without any login."""
        scheme, place, *rest = urlsplit(self._address(path))
        return urlunsplit((scheme, place.rpartition("@")[2], *rest))

    async def fetch(self, wanted: WantedFile, store: Store[Stored]) -> Stored:
        """Let `store` take the content of a file, and return what it returns; called again when that was spoilt.

        Raises:
            NotFound: there is no such file.
            BackendUnavailable: it cannot be had whole now (retryable).
            BadBackendAnswer: it is not what it is called.
        """
        async with self._connections.for_a_file():
            failures = 0
            while True:
                try:
                    return await self._once(wanted, store)
                except (StartAgain, NotFound, BadBackendAnswer) as failure:
                    failures += 1
                    problem = failure.problem if isinstance(failure, StartAgain) else failure
                    if failures >= (TRIES_WITHOUT_FILE if isinstance(problem, NotFound) else self._tries):
                        raise problem from failure
                await asyncio.sleep(pause(failures))

    async def _once(self, wanted: WantedFile, store: Store[Stored]) -> Stored:
        address, kind = self._address(wanted.path), media_type(wanted.filename)
        download = Download(
            self._connections, self._server.name, address, wanted.filename, self._auth(address), self._tries
        )
        with self._observe("GET", address, "download"):
            async with aclosing(download.content()) as content:
                first = await anext(content, b"")
                check_is_no_page(download.content_type, wanted.filename, self._server.name)
                kind = FITS if download.content_type == FITS else kind
                whole = verified(_chain(first, content), wanted.filename, kind, self._server.name)
                return await store(whole, kind)

    def _address(self, path: str) -> str:
        return self._base() + quote(path.lstrip("/"), safe="/:+,=@~!$&'()*")

    def _base(self) -> str:
        base = self._server.http_download_baseurl
        if not base:
            raise Unsupported(f"the DRMS server {self._server.name!r} has no downloads")
        return base

    def _auth(self, address: str) -> httpx.Auth | None:
        """The server's login, for its own host only."""
        if not self._server.username or not same_origin(address, self._server.url("jsoc_fetch")):
            return None
        password = self._server.password.get_secret_value() if self._server.password else ""
        return httpx.BasicAuth(self._server.username, password)


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece
