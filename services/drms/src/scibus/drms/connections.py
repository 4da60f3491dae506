"""The connections to one server: a fixed number of them, each lent to one exchange at a time.

Files come over the same connections as answers: archives ask for few. A file may take minutes, so whoever fetches one
looks whether a question waits, and lets it pass.

Each is an HTTP client of its own. httpx has a pool with a limit too, but a cancelled call can leave a place in it taken
for good, and with one connection that is all there is. Here, a connection whose exchange did not end in order is closed
and replaced.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx

from scibus.drms.servers import ServerConfig
from scibus.drms.settings import DrmsSettings

CLOSE_SECONDS = 2.0


class Connections:
    """As many connections to `server` as the settings allow."""

    def __init__(self, server: ServerConfig, settings: DrmsSettings) -> None:
        self._server = server
        self._timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout)
        self._tls = ssl.create_default_context()
        self.width = settings.max_connections
        self._turns = asyncio.Semaphore(self.width)
        self._files = asyncio.Semaphore(self.width)
        self._waiting = 0
        self._idle: deque[httpx.AsyncClient] = deque()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a connection."""
        return self._waiting > 0

    @asynccontextmanager
    async def for_a_file(self) -> AsyncIterator[None]:
        """While the block runs, it may take connections for a file: of all files, only so many can wait for them."""
        async with self._files:
            yield

    @asynccontextmanager
    async def one(self, *, fresh: bool = False) -> AsyncIterator[httpx.AsyncClient]:
        """A connection, when it is its turn; a `fresh` one was never used, so the server cannot just be closing it."""
        async with self._turn():
            client = self._idle.popleft() if self._idle else self._open()
            if fresh:
                await _close(client)
                client = self._open()
            try:
                yield client
            except BaseException:
                await _close(client)
                raise
            self._idle.append(client)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def close(self) -> None:
        """Close all connections that are not lent."""
        while self._idle:
            await _close(self._idle.popleft())

    def _open(self) -> httpx.AsyncClient:
        password = self._server.password.get_secret_value() if self._server.password else ""
        return httpx.AsyncClient(
            auth=httpx.BasicAuth(self._server.username, password) if self._server.username else None,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=1),
            headers={"User-Agent": "scibus-drms"},
            verify=self._tls,
        )


async def _close(client: httpx.AsyncClient) -> None:
    with suppress(httpx.HTTPError, OSError, RuntimeError, TimeoutError):
        await asyncio.wait_for(asyncio.shield(client.aclose()), CLOSE_SECONDS)
