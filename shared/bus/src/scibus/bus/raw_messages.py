"""Messages as they came: a subject, a body, and headers that nobody has read yet."""

from typing import NamedTuple

from scibus.bus.header_lines import read_lines

FIRST_LINE = b"NATS/1.0\r\n"
"""Of headers that somebody published: the server's own say a status in it."""


class RawMessage(NamedTuple):
    """A message as it came."""

    subject: bytes
    reply: bytes
    data: bytes
    head: bytes
    """Its headers, with their first line; empty where there are none."""

    @property
    def headers(self) -> dict[str, str]:
        """Its headers, read anew each time."""
        return read_lines(self.head[len(FIRST_LINE) :])

    def last(self, name: bytes) -> bytes:
        """The header `name` that stands last: where the server adds one, it is the server's. Empty if there is none."""
        _, found, rest = self.head.rpartition(b"\r\n%s: " % name)
        return rest.partition(b"\r\n")[0] if found else b""
