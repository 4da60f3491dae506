"""TLS on top of a connection, spoken as other servers do: whoever is refused is told why.

asyncio's own TLS drops the alert with which a handshake ends, and a client is left to guess.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

RECEIVE_SIZE = 65536
ALERT_SECONDS = 1.0


class TlsStream:
    """The server's end of an encrypted connection: reads and writes as asyncio's streams do."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        self._reader = reader
        self._writer = writer
        self._received = ssl.MemoryBIO()
        self._to_send = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_side=True)

    @property
    def client(self) -> str | None:
        """The common name in the client's certificate; None without one."""
        certificate: Any = self._tls.getpeercert() or {}
        names: dict[str, str] = dict(itertools.chain.from_iterable(certificate.get("subject", ())))
        return names.get("commonName")

    async def handshake(self) -> None:
        """Agree with the client.

        Raises:
            ssl.SSLError: one does not trust the other.
        """
        try:
            await self._done(self._tls.do_handshake)
        except ssl.SSLError:
            await self._linger()
            raise

    async def read(self, size: int) -> bytes:
        """Up to `size` bytes; none when the client has ended."""
        with suppress(ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return await self._done(partial(self._tls.read, size))
        return b""

    def write(self, data: bytes) -> None:
        self._tls.write(data)
        self._writer.write(self._to_send.read())

    async def drain(self) -> None:
        await self._writer.drain()

    def end(self) -> None:
        """Say that nothing more comes, and do not wait for the client to say so."""
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        self._writer.write(self._to_send.read())

    async def _done(self, step: Callable[[], T]) -> T:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                await self._send()
                self._take(await self._reader.read(RECEIVE_SIZE))
            except ssl.SSLError:
                await self._send()
                raise

    def _take(self, data: bytes) -> None:
        if data:
            self._received.write(data)
        else:
            self._received.write_eof()

    async def _send(self) -> None:
        if data := self._to_send.read():
            self._writer.write(data)
            await self._writer.drain()

    async def _linger(self) -> None:
        """Let the client read the alert: a reset, for what it has sent meanwhile, would take it away."""
        with suppress(OSError):
            async with asyncio.timeout(ALERT_SECONDS):
                self._writer.write_eof()
                while await self._reader.read(RECEIVE_SIZE):
                    pass
