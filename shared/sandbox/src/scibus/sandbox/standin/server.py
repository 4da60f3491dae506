"""An HTTP/1.1 server that also does what a well-behaved one never would.

It stands on h11 and asyncio streams because a stand-in must be able to break a connection at any byte.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import h11

from .http import Request, Response
from .tls import TlsStream

logger = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response | None]]

# Apache's LimitRequestLine.
REQUEST_LINE_LIMIT = 8190
RECEIVE_SIZE = 65536
SLICES_PER_SECOND = 20

TOO_LONG = Response.html("<html><body><h1>Request-URI Too Long</h1></body></html>\n", 414)
INTERNAL_ERROR = Response.html("<html><body><h1>Internal Server Error</h1></body></html>\n", 500)


class HttpServer:
    """Serves `handler` on one address; a handler that returns None has the connection closed without a response."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._tls: ssl.SSLContext | None = None

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._connections)

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, for HTTPS where there is `tls`, and say on which port."""
        self._tls = tls
        self._server = await asyncio.start_server(self._accept, host, port, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._tls is None:
                await self._converse(Connection(reader, writer))
            else:
                await self._converse_securely(TlsStream(reader, writer, self._tls))
        except (ConnectionError, ssl.SSLError, h11.RemoteProtocolError):
            pass
        except asyncio.CancelledError:
            # A client that does not read would keep the unsent rest, and so the server, waiting for ever.
            writer.transport.abort()
            raise
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse_securely(self, stream: TlsStream) -> None:
        await stream.handshake()
        await self._converse(Connection(stream, stream, stream.client))
        stream.end()

    async def _converse(self, connection: Connection) -> None:
        while (request := await connection.receive()) is not None:
            response = await self._respond(request)
            if response is None or not await connection.send(response, request.method):
                break

    async def _respond(self, request: Request) -> Response | None:
        if len(f"{request.method} {request.target} HTTP/1.1") > REQUEST_LINE_LIMIT:
            return TOO_LONG
        try:
            return await self._handler(request)
        except Exception:
            logger.exception("%s %s could not be answered", request.method, request.path)
            return INTERNAL_ERROR


class Reader(Protocol):
    async def read(self, n: int, /) -> bytes: ...


class Writer(Protocol):
    def write(self, data: bytes, /) -> None: ...

    async def drain(self) -> None: ...


class Connection:
    """One client's connection, request by request; `client` is who it has shown to be."""

    def __init__(self, reader: Reader, writer: Writer, client: str | None = None) -> None:
        self._reader = reader
        self._writer = writer
        self._client = client
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=16 * 1024 * 1024)

    async def receive(self) -> Request | None:
        """The next request; None when the client has gone."""
        if self._h11.our_state is h11.DONE:
            self._h11.start_next_cycle()
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _request(head, bytes(body), self._client)
            else:
                return None

    async def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            if self._h11.they_are_waiting_for_100_continue:
                await self._write(h11.InformationalResponse(status_code=100, headers=[]))
            self._h11.receive_data(await self._reader.read(RECEIVE_SIZE))
        return event

    async def send(self, response: Response, method: str) -> bool:
        """Send `response`; False when the connection is of no more use."""
        headers = {"content-type": response.content_type, "content-length": str(len(response.body)), **response.headers}
        await self._write(h11.Response(status_code=response.status, headers=list(headers.items())))
        if method != "HEAD":
            sent = response.body[: response.delivery.cut_after]
            await self._write_body(sent, response.delivery.bytes_per_second)
            if len(sent) < len(response.body):
                return False
        await self._write(h11.EndOfMessage())
        return self._h11.our_state is h11.DONE

    async def _write_body(self, body: bytes, bytes_per_second: float | None) -> None:
        if bytes_per_second is None:
            await self._write(h11.Data(data=body))
            return
        size = max(1, int(bytes_per_second / SLICES_PER_SECOND))
        for start in range(0, len(body), size):
            await asyncio.sleep(size / bytes_per_second)
            await self._write(h11.Data(data=body[start : start + size]))

    async def _write(self, event: h11.Event) -> None:
        data = self._h11.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()


def _request(head: h11.Request, body: bytes, client: str | None) -> Request:
    path, _, query = head.target.decode("latin-1").partition("?")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    return Request(head.method.decode("ascii"), path, query, headers, body, client)
