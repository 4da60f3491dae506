"""NATS over a WebSocket, in place of nats-py's transport.

That one bounds by its timeout not how long it connects but how long it closes, cannot be cut, and takes an old socket
for the new one when it was not closed in order. Needs aiohttp.
"""

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from urllib.parse import ParseResult

import aiohttp
from multidict import CIMultiDict
from nats.aio.transport import Transport

CLOSE_SECONDS = 1.0
"""For which the server is waited for when a WebSocket ends."""


class WebSocketTransport(Transport):
    """One WebSocket, from its beginning to its end.

    Args:
        headers: of the request that begins it.
    """

    def __init__(self, headers: Mapping[str, Sequence[str] | str] | None = None) -> None:
        told = [(name, [value] if isinstance(value, str) else value) for name, value in (headers or {}).items()]
        self._headers = CIMultiDict((name, value) for name, values in told for value in values)
        # Proxies count as they do for HTTP.
        self._session: aiohttp.ClientSession | None = aiohttp.ClientSession(trust_env=True)
        self._web_socket: aiohttp.ClientWebSocketResponse[bool] | None = None
        self._waiting: list[bytes] = []

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        """Connect without TLS."""
        await self._open(uri.geturl(), True, connect_timeout)

    async def connect_tls(
        self, uri: str | ParseResult, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        """Connect with TLS; asked for it again by nats-py, as TCP needs it, that is so already."""
        if self._web_socket is None:
            await self._open(uri if isinstance(uri, str) else uri.geturl(), ssl_context, connect_timeout)

    @property
    def socket(self) -> asyncio.Transport | None:
        """What carries the WebSocket."""
        return None if self._web_socket is None else self._web_socket._writer.transport

    def write(self, payload: bytes) -> None:
        """Take what `drain` will send."""
        self._waiting.append(payload)

    def writelines(self, payload: Iterable[bytes]) -> None:
        """Take what `drain` will send."""
        self._waiting.extend(payload)

    async def drain(self) -> None:
        """Send what was taken. Of what a broken connection does not take, whoever reads is told."""
        waiting, self._waiting = self._waiting, []
        if waiting and self._web_socket is not None:
            with suppress(ConnectionError):
                await self._web_socket.send_bytes(b"".join(waiting))

    async def read(self, buffer_size: int) -> bytes:
        """A message of the WebSocket, however large; nothing at its end."""
        return await self.readline()

    async def readline(self) -> bytes:
        """The same: the server sends whole lines."""
        if self._web_socket is None:
            return b""
        message = await self._web_socket.receive()
        if message.type is aiohttp.WSMsgType.ERROR:
            raise ConnectionError("nats: websocket error") from message.data
        return message.data if message.type is aiohttp.WSMsgType.BINARY else b""

    def close(self) -> None:
        """Nothing: both ends part in `wait_closed`."""

    async def wait_closed(self) -> None:
        """Part from the server, and leave nothing behind."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            if self._web_socket is not None:
                await self._web_socket.close()
        finally:
            await session.close()

    def at_eof(self) -> bool:
        """Whether nothing more will be read."""
        return self._web_socket is None or self._web_socket.closed

    def __bool__(self) -> bool:
        """Whether it has not ended."""
        return self._session is not None

    async def _open(self, url: str, tls: ssl.SSLContext | bool, seconds: float) -> None:
        if self._session is None:
            raise ConnectionError("nats: the websocket has ended")
        async with asyncio.timeout(seconds):
            self._web_socket = await self._session.ws_connect(
                url,
                ssl=tls,
                headers=self._headers,
                max_msg_size=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
