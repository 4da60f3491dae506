"""The connections to one server: a fixed number of them, each lent to one exchange at a time.

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
        self._turns = asyncio.Semaphore(settings.max_connections)
        self._idle: deque[httpx.AsyncClient] = deque()

    @asynccontextmanager
    async def one(self, *, fresh: bool = False) -> AsyncIterator[httpx.AsyncClient]:
        """A connection, when it is its turn; a `fresh` one was never used, so the server cannot just be closing it."""
        async with self._turns:
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
