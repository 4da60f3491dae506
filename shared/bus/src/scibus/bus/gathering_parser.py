"""nats-py's parser, made not to copy a large message over and over.

Its own appends whatever is read to one buffer, and takes the message out in two more copies; a chunk of an object
takes twice as long that way as from the socket.
"""

from nats.protocol.parser import AWAITING_CONTROL_LINE, AWAITING_MSG_PAYLOAD, CRLF_SIZE, Parser

WORTH_GATHERING = 64 * 1024
"""Bytes that a message lacks, from which on its pieces are kept as they came, and put together once."""


class GatheringParser(Parser):
    """Keeps the pieces of a large message as they were read, until the last one is there."""

    _pieces: list[bytes]
    _lacking: int

    def reset(self) -> None:
        """Forget what was read, as for a new connection."""
        super().reset()
        self._pieces, self._lacking = [], 0

    async def parse(self, data: bytes = b"") -> None:
        """Take what was read, and hand on the messages that are whole by it.

        Raises:
            nats.errors.ProtocolError: it is not what a server says.
        """
        if self._lacking:
            if len(data) < self._lacking:
                self._pieces.append(data)
                self._lacking -= len(data)
                return
            rest = data[self._lacking :]
            self._pieces.append(data[: self._lacking])
            await self._hand_on()
            data = rest
        if data:
            await super().parse(data)
        lacking = self.needed + CRLF_SIZE - len(self.buf)
        if self.state == AWAITING_MSG_PAYLOAD and lacking > WORTH_GATHERING:
            self._pieces, self._lacking = [bytes(self.buf)], lacking
            self.buf.clear()

    async def _hand_on(self) -> None:
        # The line end may have come in two pieces.
        whole = memoryview(b"".join(self._pieces))
        headers = bytes(whole[: self.header_needed]) if self.header_needed else None
        payload = bytes(whole[self.header_needed : self.needed])
        self._pieces, self._lacking, self.header_needed = [], 0, 0
        self.state = AWAITING_CONTROL_LINE
        about = self.msg_arg
        await self.nc._process_msg(about["sid"], about["subject"], about["reply"], payload, headers)
