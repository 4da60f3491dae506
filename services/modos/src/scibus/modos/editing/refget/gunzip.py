"""A stream that may be compressed: gzip, in one member or, as bgzip writes it, in many."""

import zlib
from collections.abc import Iterator

from scibus.contracts.problems import InvalidRequest

MAGIC = b"\x1f\x8b"
PIECE = 1024 * 1024
"""Bytes of a piece at most, however well they were compressed."""


class Gunzip:
    """Gives back what was compressed, and what was not as it is."""

    def __init__(self) -> None:
        self._start = b""
        self._is_gzip: bool | None = None
        self._member = _member()
        self._is_fresh = True

    def feed(self, content: bytes) -> Iterator[bytes]:
        """The next pieces.

        Raises:
            InvalidRequest: it begins as gzip and is none.
        """
        if self._is_gzip is None:
            self._start += content
            if len(self._start) < len(MAGIC):
                return
            self._is_gzip = self._start.startswith(MAGIC)
            content, self._start = self._start, b""
        if self._is_gzip:
            yield from self._unpacked(content)
        else:
            yield content

    def end(self) -> bytes:
        """What is left.

        Raises:
            InvalidRequest: the stream ends within a member.
        """
        if self._is_gzip and not self._member.eof and not self._is_fresh:
            raise InvalidRequest("the compressed file is not whole: it ends early")
        return self._start

    def _unpacked(self, content: bytes) -> Iterator[bytes]:
        while content:
            if self._member.eof:
                self._member, self._is_fresh = _member(), True
            try:
                piece = self._member.decompress(content, PIECE)
            except zlib.error as error:
                raise InvalidRequest("the file begins as gzip, but cannot be unpacked") from error
            self._is_fresh = False
            content = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if piece:
                yield piece


def _member() -> "zlib._Decompress":
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
