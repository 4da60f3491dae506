"""Tickets: which blocks make up a slice, read with suspicion."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

from scibus.contracts.modos.slices import Format
from scibus.contracts.problems import BackendFault, BadBackendAnswer
from scibus.runtime.http.addresses import web_url

BlockClass = Literal["header", "body"]
MOST_BLOCKS = 100_000
MOST_HEADERS = 100
LARGEST_INLINE = 16 * 1024 * 1024
"""Bytes in a ticket itself, over all its blocks."""
HOP_BY_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade"})
"""Headers that belong to the connection: a ticket does not decide about it."""
RANGE = re.compile(r"bytes=(\d{1,19})-(\d{1,19})?")
MD5 = re.compile(r"[0-9a-fA-F]{32}")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
UNPRINTABLE = re.compile(r"[^\x20-\x7e\t]")


@dataclass(frozen=True)
class ByteRange:
    """Bytes of what a URL leads to, the last one included; None to its end."""

    first: int
    last: int | None

    @property
    def length(self) -> int | None:
        return None if self.last is None else self.last - self.first + 1


@dataclass(frozen=True)
class Inline:
    """A block that is in the ticket itself."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Block:
    """A block to be fetched. URL and headers may be secrets."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    range: ByteRange | None


@dataclass(frozen=True)
class Ticket:
    """The blocks of a slice, in order."""

    format: Format
    blocks: tuple[Block | Inline, ...]
    md5: str | None = None

    def has_shape_of(self, other: "Ticket") -> bool:
        """Whether both name the same bytes, as far as a ticket tells: where they are fetched may differ."""
        return (
            (self.format, len(self.blocks)) == (other.format, len(other.blocks))
            and (self.md5 is None or other.md5 is None or self.md5 == other.md5)
            and all(map(_is_alike, self.blocks, other.blocks))
        )


def _is_alike(one: Block | Inline, other: Block | Inline) -> bool:
    if isinstance(one, Block) and isinstance(other, Block):
        return one.range == other.range
    return one == other


def read_ticket(told: Any, wanted: Format, server: str, *, header_only: bool = False) -> Ticket:
    """The ticket in an answer of `server`; where it sorts its blocks, of a header only those of the header.

    Raises:
        BadBackendAnswer: it is none, or one for something else.
    """
    try:
        return _ticket(told, wanted, header_only)
    except ValueError as error:
        raise BadBackendAnswer(
            f"{server} answers with something that is no htsget ticket: {error}", backend=BackendFault(name=server)
        ) from error


def _ticket(told: Any, wanted: Format, header_only: bool) -> Ticket:
    ticket = told.get("htsget") if isinstance(told, dict) else None
    if not isinstance(ticket, dict):
        raise ValueError("it has no `htsget`")
    named = ticket.get("format", "VCF" if wanted in ("VCF", "BCF") else "BAM")
    if not isinstance(named, str) or named.upper() != wanted:
        raise ValueError(f"it is for {str(named)[:50]!r} and not {wanted}")
    urls = ticket.get("urls")
    if not isinstance(urls, list) or not urls or not all(isinstance(url, dict) for url in urls):
        raise ValueError("it has no `urls`")
    if len(urls) > MOST_BLOCKS:
        raise ValueError(f"it has more than {MOST_BLOCKS} blocks")
    classes = [url.get("class") for url in urls]
    if len({cls is None for cls in classes}) > 1 or set(classes) - {None, "header", "body"}:
        raise ValueError("either all blocks say whether they are of the header or the body, or none does")
    md5 = ticket.get("md5")
    if md5 is not None and (not isinstance(md5, str) or not MD5.fullmatch(md5)):
        raise ValueError("its `md5` is none")
    whole = Ticket(wanted, tuple(map(_block, urls)), md5.lower() if md5 else None)
    if sum(len(block.data) for block in whole.blocks if isinstance(block, Inline)) > LARGEST_INLINE:
        raise ValueError(f"it holds more than {LARGEST_INLINE >> 20} MiB itself")
    if not header_only or "body" not in classes:
        return whole
    header = tuple(block for block, its in zip(whole.blocks, classes, strict=True) if its == "header")
    if not header:
        raise ValueError("it has no blocks of the header")
    return replace(whole, md5=None, blocks=header)


def _block(told: dict[str, Any]) -> Block | Inline:
    url = told.get("url")
    if not isinstance(url, str):
        raise ValueError("a block has no `url`")
    if url[:5].lower() == "data:":
        return Inline(inline_data(url))
    try:
        web_url(url)
    except ValueError:
        raise ValueError("a block has a URL that is none of http, https or data") from None
    headers = _headers(told.get("headers") or {})
    return Block(url, {name: value for name, value in headers.items() if name.lower() != "range"}, _range(headers))


def _headers(told: Any) -> dict[str, str]:
    if not isinstance(told, dict) or len(told) > MOST_HEADERS:
        raise ValueError("the `headers` of a block are no object, or too many")
    for name, value in told.items():
        if not TOKEN.fullmatch(name) or not isinstance(value, str) or UNPRINTABLE.search(value):
            raise ValueError("a header of a block cannot be sent")
    return {name: value for name, value in told.items() if name.lower() not in HOP_BY_HOP}


def _range(headers: Mapping[str, str]) -> ByteRange | None:
    text = next((value for name, value in headers.items() if name.lower() == "range"), None)
    if text is None:
        return None
    found = RANGE.fullmatch(text.replace(" ", "").lower())
    if not found:
        raise ValueError("the Range of a block is none of first-last")
    wanted = ByteRange(int(found[1]), int(found[2]) if found[2] else None)
    if wanted.last is not None and wanted.last < wanted.first:
        raise ValueError("the Range of a block ends before it begins")
    return wanted


def inline_data(uri: str) -> bytes:
    """What a data URI (RFC 2397) holds, whatever media type it names.

    Raises:
        ValueError: it is broken.
    """
    kind, comma, text = uri[5:].partition(",")
    if not comma:
        raise ValueError("a data URI has no comma")
    data = unquote_to_bytes(text)
    if kind.rpartition(";")[2].strip().lower() != "base64":
        return data
    try:
        # Some write the URL-safe letters, and some leave the padding out.
        letters = b"".join(data.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        return b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except ValueError as error:
        raise ValueError("the base64 of a data URI is broken") from error
