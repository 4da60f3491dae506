"""What a server says, cut into messages; in place of nats-py's parser.

That one takes any white space for the end of a word, also what subjects may hold (a vertical tab, a form feed), and is
lost then; and it copies a large message four times.
"""

import json
from typing import Any, NamedTuple, Protocol

from nats.errors import ProtocolError

WORTH_GATHERING = 64 * 1024
"""Bytes that a message lacks, from which on its pieces are kept as they came, and put together once."""
LONGEST_LINE = 1024 * 1024
"""INFO names every server of a cluster; all other lines are short."""
LINE_END = b"\r\n"


class Client(Protocol):
    """What is told of what the server says: nats-py's client."""

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None
    ) -> None: ...

    async def _process_ping(self) -> None: ...

    async def _process_pong(self) -> None: ...

    async def _process_err(self, err_msg: str) -> None: ...

    async def _process_info(self, info: dict[str, Any]) -> None: ...


class _Head(NamedTuple):
    """The first line of a message."""

    sid: int
    subject: bytes
    reply: bytes
    headers: int
    total: int


class WireParser:
    """Cuts what is read into messages."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._connections = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was read, as for a new connection."""
        self._connections += 1
        self._head: _Head | None = None
        self._pieces: list[bytes] = []
        """What was read and is not whole yet."""
        self._lacking = 0
        """Bytes without which it is not worth looking again."""

    async def parse(self, data: bytes) -> None:
        """Take what was read, and hand on all that is whole by it.

        Raises:
            nats.errors.ProtocolError: it is not what a server says.
        """
        if self._lacking > len(data):
            self._pieces.append(data)
            self._lacking -= len(data)
            return
        if self._pieces:
            data = b"".join([*self._pieces, data])
            self._pieces, self._lacking = [], 0
        at, connection = 0, self._connections
        while (after := await self._taken(data, at)) > at:
            at = after
            if self._connections != connection:
                return
        self._keep(data[at:])

    async def _taken(self, data: bytes, at: int) -> int:
        """Where in `data` the next line or message ends that was handed on; `at` where none is whole."""
        if self._head is None:
            end = data.find(LINE_END, at)
            if end < 0:
                return at
            await self._hear(data[at:end])
            return end + len(LINE_END)
        head, end = self._head, at + self._head.total
        if end + len(LINE_END) > len(data):
            return at
        self._head = None
        body = at + head.headers
        await self._client._process_msg(head.sid, head.subject, head.reply, data[body:end], data[at:body] or None)
        return end + len(LINE_END)

    def _keep(self, rest: bytes) -> None:
        """Keep what is not whole yet."""
        self._pieces, self._lacking = [rest] if rest else [], 0
        if self._head is not None:
            lacking = self._head.total + len(LINE_END) - len(rest)
            self._lacking = lacking if lacking > WORTH_GATHERING else 0
        elif len(rest) > LONGEST_LINE:
            raise ProtocolError("nats: unknown protocol")

    async def _hear(self, line: bytes) -> None:
        word, _, rest = line.partition(b" ")
        match word:
            case b"MSG":
                self._head = _read_head(rest, has_headers=False)
            case b"HMSG":
                self._head = _read_head(rest, has_headers=True)
            case b"PING":
                await self._client._process_ping()
            case b"PONG":
                await self._client._process_pong()
            case b"INFO":
                await self._client._process_info(json.loads(rest))
            case b"-ERR":
                await self._client._process_err(rest.strip().decode(errors="replace").lower())
            case b"+OK":
                return
            case _:
                raise ProtocolError("nats: unknown protocol")


def _read_head(words: bytes, *, has_headers: bool) -> _Head:
    try:
        subject, sid, *reply, total = filter(None, words.split(b" "))
        headers = int(reply.pop()) if has_headers else 0
        head = _Head(int(sid), subject, reply[0] if reply else b"", headers, int(total))
    except (ValueError, IndexError):
        raise ProtocolError("nats: malformed MSG") from None
    if not 0 <= head.headers <= head.total:
        raise ProtocolError("nats: malformed MSG")
    return head
