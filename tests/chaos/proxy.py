"""A TCP proxy between a client of NATS and its server that can cut, stop and slow down what passes.

It reads NATS's own protocol as it passes, so that a test can name the message at which something shall happen.
"""

import asyncio
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

PAYLOAD = re.compile(rb"^(PUB|HPUB|MSG|HMSG) (\S+) .*?(\d+)$")
LONGEST_FRAME = 16 * 1024 * 1024
RECEIVE_BYTES = 64 * 1024
"""Of the proxy's sockets: what a frozen link does not take stays where it was to be sent from."""
FRAMES_UNDER_WAY = 1024


@dataclass(frozen=True)
class Frame:
    """One line of the protocol with its payload.

    Attributes:
        to_server: which way it goes.
        verb: `PUB`, `HMSG`, `PING` and so on.
        subject: of a message, else empty.
        data: the whole of it, as it travels.
    """

    to_server: bool
    verb: str
    subject: str
    data: bytes


Watch = Callable[[Frame], bool]
"""Called with each frame before it is passed on; whether it shall be."""


class Link:
    """One connection that passes through."""

    def __init__(self, proxy: "NatsProxy", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._near = reader, writer
        self._far: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.ended = asyncio.Event()
        self._ways: list[asyncio.Task[None]] = []
        self._thaw = {True: asyncio.Event(), False: asyncio.Event()}
        for open_way in self._thaw.values():
            open_way.set()

    async def run(self) -> None:
        """Pass frames on, both ways, until one side ends."""
        try:
            self._far = await asyncio.open_connection("127.0.0.1", self._proxy.server_port, limit=LONGEST_FRAME)
            self._ways = [
                asyncio.create_task(self._pass(self._near[0], self._far[1], to_server=True)),
                asyncio.create_task(self._pass(self._far[0], self._near[1], to_server=False)),
            ]
            await asyncio.wait(self._ways, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass
        finally:
            self.cut()
            await asyncio.gather(*self._ways, return_exceptions=True)
            self.ended.set()

    def cut(self) -> None:
        """End the connection at once, both ways."""
        for way in self._ways:
            way.cancel()
        for _, writer in filter(None, (self._near, self._far)):
            writer.transport.abort()

    def freeze(self, *, to_server: bool) -> None:
        """Take and give nothing any more one way; nobody is told, also not of an end."""
        self._thaw[to_server].clear()
        side = self._near if to_server else self._far
        if side is not None and not side[1].transport.is_closing():
            side[1].transport.pause_reading()  # type: ignore[attr-defined]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_server: bool) -> None:
        late: asyncio.Queue[tuple[float, Frame] | None] = asyncio.Queue(FRAMES_UNDER_WAY)
        reading = asyncio.create_task(self._take(reader, late, to_server=to_server))
        now = asyncio.get_running_loop().time
        try:
            with suppress(OSError):
                while item := await late.get():
                    came, frame = item
                    await self._proxy.open.wait()
                    await self._thaw[to_server].wait()
                    if self._proxy.rate:
                        await asyncio.sleep(len(frame.data) / self._proxy.rate)
                    if (left := came + self._proxy.seconds - now()) > 0:
                        await asyncio.sleep(left)
                    if self._proxy.watch is not None and not self._proxy.watch(frame):
                        continue
                    writer.write(frame.data)
                    await writer.drain()
        finally:
            reading.cancel()

    async def _take(
        self,
        reader: asyncio.StreamReader,
        late: asyncio.Queue[tuple[float, Frame] | None],
        *,
        to_server: bool,
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while frame := await _read(reader, to_server=to_server):
                await late.put((asyncio.get_running_loop().time(), frame))
        await self._thaw[to_server].wait()
        await late.put(None)


class NatsProxy:
    """Listens inside `async with`.

    Args:
        server_port: where the server is.

    Attributes:
        open: cleared, nothing passes any more, and nobody is told.
        seconds: by which each frame is late.
        rate: bytes that pass in a second, on each connection and each way; 0: as many as there are.
        watch: sees each frame.
        passed: connections there were.
    """

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.open = asyncio.Event()
        self.open.set()
        self.seconds = 0.0
        self.rate = 0.0
        self.watch: Watch | None = None
        self.passed = 0
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Address for clients."""
        return f"nats://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self._server = await asyncio.start_server(self._accept, sock=listening, limit=LONGEST_FRAME)
        self._port = listening.getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.open.set()
        self.cut()
        await asyncio.gather(*(link.ended.wait() for link in self._links))

    def cut(self) -> int:
        """End all connections; how many there were."""
        links = list(self._links)
        for link in links:
            link.cut()
        return len(links)

    def freeze(self, *, to_client: bool = True) -> int:
        """Let the connections that there are be half open, so that only new ones work; how many there were.

        Without `to_client` they still pass what the server sends.
        """
        links = list(self._links)
        for link in links:
            link.freeze(to_server=True)
            if to_client:
                link.freeze(to_server=False)
        return len(links)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, reader, writer)
        self._links.add(link)
        self.passed += 1
        try:
            await link.run()
        finally:
            self._links.discard(link)


async def _read(reader: asyncio.StreamReader, *, to_server: bool) -> Frame | None:
    line = await reader.readline()
    if not line.endswith(b"\r\n"):
        return None
    found = PAYLOAD.match(line.strip())
    if found is None:
        return Frame(to_server, line.split()[0].decode().upper() if line.strip() else "", "", line)
    payload = await reader.readexactly(int(found[3]) + 2)
    return Frame(to_server, found[1].decode(), found[2].decode(), line + payload)
