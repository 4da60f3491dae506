"""nats-py's client, made to survive what it does not expect, and to lose less time over headers.

Any exception in its read loop ends the loop and nothing else: the client stays "connected" and hears nothing until its
pings go unanswered, half a minute later. One message with broken headers is enough for that.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from nats.aio.client import Client, Srv
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.aio.transport import TcpTransport
from nats.errors import (
    BadSubjectError,
    ConnectionClosedError,
    ConnectionDrainingError,
    Error,
    MaxPayloadError,
    NoRespondersError,
    UnexpectedEOF,
)
from nats.errors import TimeoutError as NoReplyError
from nats.protocol.parser import PERMISSIONS_ERR, STALE_CONNECTION

from scibus.bus.header_lines import read_lines, written_lines
from scibus.bus.raw_messages import FIRST_LINE, RawMessage
from scibus.bus.wire_parser import WireParser

READ_BYTES = 256 * 1024
NOBODY = b"NATS/1.0 503"
"""Of the server's own, where nobody has subscribed."""
WEB_SOCKET = ("ws", "wss")


class MalformedMessageError(Error):
    """A message that cannot be read was left out."""


async def subscribe_raw(
    connection: Client,
    subject: str,
    take: Callable[[RawMessage], None],
    *,
    told: Callable[[Mapping[str, str]], None] | None = None,
    **options: Any,
) -> Subscription:
    """Subscribe, and have `take` called with each message as it comes off the wire, ahead of any queue of nats-py's.

    Args:
        connection: one of ours; with another client the messages take the usual way.
        subject: to subscribe to.
        take: must not wait, and bounds what it keeps.
        told: called with the headers of what the server says itself; without it, that is a message like others.
        options: of `Client.subscribe`.
    """

    async def hear(message: Msg) -> None:
        headers = message.headers or {}
        if told is not None and "Status" in headers:
            told(headers)
            return
        take(RawMessage(message.subject.encode(), message.reply.encode(), message.data, written_lines(headers)))

    subscription = await connection.subscribe(subject, cb=hear, **options)
    if isinstance(connection, SturdyClient):
        connection.divert(subscription, take)
    return subscription


async def answer_to(
    connection: Client, subject: str, payload: bytes, *, timeout: float, headers: dict[str, str] | None = None
) -> bytes:
    """The body of what is answered to `payload` on `subject`, which was looked at already.

    Raises:
        nats.errors.NoRespondersError: nobody hears there.
        nats.errors.TimeoutError: nothing was answered within `timeout` seconds.
        nats.errors.Error: it cannot be sent, or the server itself answers with something else.
    """
    if not isinstance(connection, SturdyClient):
        return (await connection.request(subject, payload, timeout=timeout, headers=headers)).data
    reply = await connection.ask(subject, payload, timeout, headers)
    if reply.head.startswith(NOBODY):
        raise NoRespondersError
    if reply.head and not reply.head.startswith(FIRST_LINE):
        raise MalformedMessageError(f"the server answers {reply.head[:50]!r}")
    return reply.data


class LeavingTcpTransport(TcpTransport):
    """As nats-py's own, but that a failed TLS handshake is the end of it, which nats-py would wait for in vain."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    async def connect_tls(self, *args: Any, **options: Any) -> None:
        try:
            await super().connect_tls(*args, **options)
        except BaseException:
            if self._io_writer is not None:
                self._io_writer.transport.abort()
            self._io_reader = self._io_writer = None
            raise


class SturdyClient(Client):
    """Leaves out messages that cannot be read, and reconnects at once where its read loop ended."""

    def __init__(self) -> None:
        super().__init__()
        self._ps: Any = WireParser(self)
        self._diverted: dict[int, Callable[[RawMessage], None]] = {}
        self._asked = 0
        self._replies = 0

    def divert(self, subscription: Subscription, take: Callable[[RawMessage], None]) -> None:
        """Hand the messages of `subscription` to `take` as they come off the wire; its callback gets statuses only."""
        self._diverted[subscription._id] = take

    async def connect(self, *args: Any, **options: Any) -> None:
        """As nats-py's own, but that nothing is left where it fails or is given up."""
        try:
            await super().connect(*args, **options)
        except BaseException:
            self.drop()
            await self._leave()
            raise

    async def _connect_to_server(self, s: Srv) -> None:
        """As nats-py's own, but that more may wait to be read, and that nothing is left of a connection before."""
        for task in (self._reading_task, self._ping_interval_task, self._flusher_task):
            if task is not None:
                task.cancel()
        self.drop()
        self._ps.reset()
        s.last_attempt = time.monotonic()
        if s.uri.scheme in WEB_SOCKET:
            await self._open_web_socket(s)
            return
        if not self._transport:
            self._transport = LeavingTcpTransport()
        await self._transport.connect(s.uri, READ_BYTES, self.options["connect_timeout"])

    async def _open_web_socket(self, s: Srv) -> None:
        # Only who speaks over one needs aiohttp.
        from scibus.bus.web_sockets import WebSocketTransport

        await self._leave()
        self._transport = WebSocketTransport(self.options["ws_connection_headers"])
        if s.uri.scheme == "wss":
            await self._transport.connect_tls(s.uri, self.ssl_context, READ_BYTES, self.options["connect_timeout"])
        else:
            await self._transport.connect(s.uri, READ_BYTES, self.options["connect_timeout"])

    async def _leave(self) -> None:
        if self._transport is not None:
            with suppress(OSError, RuntimeError):
                await self._transport.wait_closed()  # type: ignore[no-untyped-call]

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        """As nats-py's own, but that servers are not learned over a WebSocket: it would ask them over TCP."""
        if self._current_server is not None and self._current_server.uri.scheme in WEB_SOCKET:
            info = {name: value for name, value in info.items() if name != "connect_urls"}
        await super()._process_info(info, initial_connection)

    async def _process_err(self, err_msg: str) -> None:
        """As nats-py's own, but that a login which is fetched anew for each connection is given another chance.

        nats-py would close the connection for good when a token expires.
        """
        fetches_login = self._user_jwt_cb is not None and self._user_credentials is None
        if not fetches_login or PERMISSIONS_ERR in err_msg or STALE_CONNECTION in err_msg:
            await super()._process_err(err_msg)
            return
        error = Error(f"nats: {err_msg}")
        await self._error_cb(error)
        await self._process_op_err(error)

    def _remove_sub(self, sid: int, max_msgs: int = 0) -> None:
        self._diverted.pop(sid, None)
        super()._remove_sub(sid, max_msgs)

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> None:
        take = self._diverted.get(sid)
        if take is not None and (not headers or headers.startswith(FIRST_LINE) or sid == self._replies):
            take(RawMessage(subject, reply, data, headers or b""))
            return
        try:
            await super()._process_msg(sid, subject, reply, data, headers or b"")
        except (IndexError, ValueError) as error:
            await self._error_cb(MalformedMessageError(f"a message that cannot be read was left out: {error!r}"))

    async def _init_request_sub(self) -> None:
        # Sending it may take a while, and who asks meanwhile must find all of it.
        self._replies = self._sid + 1
        self._diverted[self._replies] = self._hear_reply
        try:
            await super()._init_request_sub()
        finally:
            if self._replies not in self._subs:
                self._resp_sub_prefix = None

    def _hear_reply(self, message: RawMessage) -> None:
        reply = self._resp_map.get(message.subject.rpartition(b".")[2].decode())
        if reply is not None and not reply.done():
            reply.set_result(message)

    async def ask(
        self, subject: str, payload: bytes, timeout: float, headers: dict[str, Any] | None = None
    ) -> RawMessage:
        """What is answered to `payload` on `subject`, which was looked at already; as it came, also where nobody hears.

        Raises:
            nats.errors.TimeoutError: nothing was answered within `timeout` seconds.
            nats.errors.Error: it cannot be sent.
        """

        async def send(inbox: str) -> None:
            if self.is_connected:
                await self._send_publish(subject, inbox, payload, len(payload), headers)
            else:
                await self.publish(subject, payload, reply=inbox, headers=headers)

        return await self._answered(send, timeout)

    async def ask_all(self, messages: Sequence[RawMessage], timeout: float) -> RawMessage:
        """What is answered to the last of `messages`, which go out in one piece, their headers written already.

        Raises:
            nats.errors.MaxPayloadError: one is too large; none was sent.
            nats.errors.TimeoutError: nothing was answered within `timeout` seconds.
            nats.errors.Error: they cannot be sent.
        """

        async def send(inbox: str) -> None:
            await self._send_messages([*messages[:-1], messages[-1]._replace(reply=inbox.encode())])

        return await self._answered(send, timeout)

    async def _answered(self, send: Callable[[str], Awaitable[None]], timeout: float) -> RawMessage:
        """What comes to the inbox that `send` is given. It costs a number here, and the timeout a timer."""
        if self.is_closed:
            raise ConnectionClosedError
        if self.is_draining_pubs:
            raise ConnectionDrainingError
        if not self._resp_sub_prefix:
            await self._init_request_sub()
        self._asked += 1
        token = str(self._asked)
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[RawMessage] = loop.create_future()
        self._resp_map[token] = reply
        timer = None
        try:
            await send(f"{(self._resp_sub_prefix or b'').decode()}{token}")
            timer = loop.call_later(timeout, _time_out, reply)
            return await reply
        finally:
            self._resp_map.pop(token, None)
            if timer is not None:
                timer.cancel()

    async def _send_messages(self, messages: Sequence[RawMessage]) -> None:
        """Send what was looked at already, with one call for all."""
        pieces: list[bytes] = []
        sent = 0
        for message in messages:
            size = len(message.head) + len(message.data)
            if size > self._max_payload:
                raise MaxPayloadError
            about = b"%b %b" % (message.subject, message.reply) if message.reply else message.subject
            pieces += (b"HPUB %b %d %d\r\n" % (about, len(message.head), size), message.head, message.data, b"\r\n")
            sent += len(message.data)
        self.stats["out_msgs"] += len(messages)
        self.stats["out_bytes"] += sent
        await self._send_command(b"".join(pieces))
        if self._flush_queue is not None and self._flush_queue.empty():
            await self._flush_pending()

    async def _request_new_style(
        self, subject: str, payload: bytes, timeout: float = 1, headers: dict[str, Any] | None = None
    ) -> Msg:
        reply = await self.ask(subject, payload, timeout, headers)
        try:
            read = reply.headers if reply.head.startswith(FIRST_LINE) else await self._process_headers(reply.head)
        except (IndexError, ValueError) as error:
            raise MalformedMessageError(f"the reply's headers cannot be read: {error!r}") from error
        return Msg(self, reply.subject.decode(), reply.reply.decode(), reply.data, read)

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        return read_lines(raw)

    async def _send_publish(
        self, subject: str, reply: str, payload: bytes, payload_size: int, headers: dict[str, Any] | None
    ) -> None:
        """As nats-py's own, but that what is published is copied once and not three times."""
        if not subject:
            raise BadSubjectError
        head = b"" if headers is None else written_lines(headers)
        size = len(head) + len(payload)
        if size > self._max_payload:
            # The server would close the connection for good.
            raise MaxPayloadError
        about = subject if not reply else f"{subject} {reply}"
        line = f"PUB {about} {size}\r\n" if headers is None else f"HPUB {about} {len(head)} {size}\r\n"
        self.stats["out_msgs"] += 1
        self.stats["out_bytes"] += payload_size
        await self._send_command(b"".join((line.encode(), head, payload, b"\r\n")))
        if self._flush_queue is not None and self._flush_queue.empty():
            await self._flush_pending()

    async def _flush_pending(self, force_flush: bool = False) -> Any:
        """As nats-py's own, but that what a broken connection does not take is kept for the next one."""
        if self._socket is not None and self._socket.is_closing():
            # The read loop has not noticed yet. uvloop would tell with a RuntimeError, asyncio drop what is written.
            return None
        return await super()._flush_pending(force_flush)

    async def _send_ping(self, future: asyncio.Future[bool] | None = None) -> None:
        """As nats-py's own, but after what was sent before: the answer says that the server has heard all of it."""
        self._pongs.append(future or asyncio.get_running_loop().create_future())
        await self._send_command(b"PING\r\n")
        await self._flush_pending()

    async def _attempt_reconnect(self) -> None:
        """Connect anew, without waiting for what a connection that is half open does not take any more."""
        # nats-py waits for it, until the kernel gives up after a quarter of an hour.
        self.drop()
        await super()._attempt_reconnect()

    def drop(self) -> None:
        """Close the socket, whatever waits to be sent."""
        if self._socket is not None:
            self._socket.abort()

    @property
    def _socket(self) -> asyncio.WriteTransport | None:
        if isinstance(self._transport, TcpTransport):
            return self._transport._io_writer.transport if self._transport._io_writer is not None else None
        return getattr(self._transport, "socket", None)

    async def _read_loop(self) -> None:
        """As nats-py's own, but that it reads more at a time, and connects anew however it ends."""
        while self._transport is not None and not (self.is_closed or self.is_reconnecting):
            try:
                data = await self._transport.read(READ_BYTES)
                if not data:
                    raise UnexpectedEOF
                await self._ps.parse(data)
            except asyncio.CancelledError:
                return
            except Exception as error:  # noqa: BLE001 - whatever it was: who goes on without reading is deaf
                try:
                    await self._error_cb(error)
                finally:
                    await self._process_op_err(error)
                return


def _time_out(reply: asyncio.Future[RawMessage]) -> None:
    if not reply.done():
        reply.set_exception(NoReplyError())
