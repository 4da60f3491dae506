"""nats-py's client, made to survive what it does not expect.

Any exception in its read loop ends the loop and nothing else: the client stays "connected" and hears nothing until its
pings go unanswered, half a minute later. One message with broken headers is enough for that.
"""

import asyncio

from nats.aio.client import Client
from nats.errors import Error


class MalformedMessageError(Error):
    """A message that cannot be read was left out."""


class ReadLoopEndedError(Error):
    """The connection was no longer listened to, and is opened anew."""


class SturdyClient(Client):
    """Leaves out messages that cannot be read, and reconnects at once where its read loop ended."""

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        try:
            await super()._process_msg(sid, subject, reply, data, headers)
        except (IndexError, ValueError) as error:
            await self._error_cb(MalformedMessageError(f"a message that cannot be read was left out: {error!r}"))

    async def _read_loop(self) -> None:
        await super()._read_loop()
        task = asyncio.current_task()
        if self.is_connected and not (task and task.cancelling()):
            error = ReadLoopEndedError("the connection was no longer listened to")
            await self._error_cb(error)
            await self._process_op_err(error)
