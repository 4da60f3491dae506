"""Messages of live datasets on the bus: what their headers tell, written and read.

All headers of the source are kept byte by byte; names that would mean something to the bus get a prefix, which is taken
off again for the reader. A source's message that is a CloudEvent already stays the event it is; one that was forwarded
before, by another bus, becomes one of ours.
"""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote

from scibus.bus import headers as h
from scibus.bus.header_lines import read_lines
from scibus.bus.raw_messages import FIRST_LINE
from scibus.bus.stored import parse_time
from scibus.bus.topology import SECOND
from scibus.contracts.blobs import BlobRef
from scibus.contracts.subjects import PREFIX

KIND = f"{PREFIX}.data."
_BLANKS = rb"[^\x21-\x7e\r\n]*"
"""What whoever reads a header may leave out around its name and value."""


def _lines_with(start: bytes) -> re.Pattern[bytes]:
    return re.compile(b"^(?=" + start.replace(b" ", _BLANKS) + b")", re.IGNORECASE | re.MULTILINE)


_RESERVED = _lines_with(rb" (?:nats|scibus)-")
_RESERVED_TOO = _lines_with(rb" (?:nats|scibus|ce)-")
_EVENT = _lines_with(rb" ce-specversion :")
_FORWARDED = _lines_with(b" ce-type : " + re.escape(KIND).encode())


class LivePlace(NamedTuple):
    """What a data message tells of its place at the source."""

    epoch: int
    sequence: int
    time: datetime


def read_place(headers: Mapping[str, str]) -> LivePlace | None:
    """The place in the headers of a data message; None where they tell none: anybody may publish."""
    try:
        return LivePlace(int(headers[h.EPOCH]), int(headers[h.SEQUENCE]), parse_time(headers[h.TIME]))
    except (KeyError, ValueError):
        return None


class DataHeaders:
    """Writes the headers of what one subscription forwards in one epoch.

    Args:
        service: that forwards.
        subscription: its id.
        dataset: as it was subscribed to.
        instance: the worker.
        epoch: of all that is written.
    """

    def __init__(self, service: str, subscription: str, dataset: str, instance: str, epoch: int) -> None:
        told = {
            h.DATASET: h.ascii_text(dataset),
            h.EPOCH: str(epoch),
        }
        event = {
            "ce-specversion": "1.0",
            "ce-type": f"{KIND}{service}",
            "ce-source": f"/scibus/{service}/{instance}",
            "ce-subject": subscription,
        }
        self._always = _lines(told)
        self._event = _lines(event) + f"ce-id: {subscription}-{epoch}-".encode()
        self._second = -1
        self._text = ""

    def lines(self, sequence: int, moment: int, head: bytes, blob: BlobRef | None = None) -> bytes:
        """Header lines of one message.

        Args:
            sequence: at the source.
            moment: when the source took it, in nanoseconds since 1970.
            head: the source's headers with their first line; empty where there are none.
            blob: where the body is, when it is not in the message.
        """
        stamp = self._stamp(moment).encode()
        kept = head[len(FIRST_LINE) : -2]
        is_event = bool(kept) and _EVENT.search(kept) is not None and _FORWARDED.search(kept) is None
        event = b"" if is_event else b"%b%d\r\nce-time: %b\r\n" % (self._event, sequence, stamp)
        reserved = _RESERVED if is_event else _RESERVED_TOO
        where = b"" if blob is None else f"{h.BLOB}: {h.encode_blob(blob)}\r\n".encode()
        return b"%b%bScibus-Sequence: %d\r\nScibus-Time: %b\r\n%b%b" % (
            reserved.sub(h.SOURCE.encode(), kept) if kept else b"",
            self._always,
            sequence,
            stamp,
            event,
            where,
        )

    def _stamp(self, moment: int) -> str:
        seconds, fraction = divmod(moment, SECOND)
        if seconds != self._second:
            self._second, self._text = seconds, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return f"{self._text}.{fraction:09d}Z"


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


class SourceHeaders(Mapping[str, str]):
    """The headers of a data message as the source had them, read when somebody looks."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._read: dict[str, str] | None = None

    @property
    def _headers(self) -> dict[str, str]:
        if self._read is None:
            self._read = dict(_as_at_source(read_lines(self._raw[len(FIRST_LINE) :])))
        return self._read

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return repr(self._headers)


def _as_at_source(headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    ours = headers.get("ce-type", "").startswith(KIND)
    for name, value in headers.items():
        lower = name.lower()
        if lower.startswith(h.SOURCE.lower()):
            yield name[len(h.SOURCE) :], value
        elif not lower.startswith(("nats-", "scibus-")) and not (ours and lower.startswith("ce-")):
            yield name, value


def read_dataset(headers: Mapping[str, str]) -> str:
    """The dataset that a data message is of."""
    return unquote(headers.get(h.DATASET, ""))
