"""BGZF: gzip in blocks, and places in what they hold."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from .pieces import Inline, Part, Piece, Stretch

EOF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
HEADER = struct.Struct("<4BI2BH2BHH")
LARGEST = 65280


def block(file: Path, start: int) -> tuple[int, bytes]:
    """Where the block at `start` ends, and what is in it."""
    with file.open("rb") as content:
        content.seek(start)
        head = content.read(HEADER.size)
        size = HEADER.unpack(head)[-1] + 1
        rest = content.read(size - len(head))
    return start + size, zlib.decompress(head + rest, wbits=31)


def compressed(data: bytes, level: int = 6) -> bytes:
    """As blocks; there is nothing for nothing."""
    return b"".join(_compressed(data[start : start + LARGEST], level) for start in range(0, len(data), LARGEST))


def _compressed(data: bytes, level: int) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = compressor.compress(data) + compressor.flush()
    size = HEADER.size + len(body) + 8
    head = HEADER.pack(31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, size - 1)
    return head + body + struct.pack("<II", zlib.crc32(data), len(data))


def between(file: Path, start: int, end: int, part: Part) -> Iterator[Piece]:
    """What is between two virtual offsets: whole blocks, and made anew what is cut out of one at either end."""
    first, skipped = start >> 16, start & 0xFFFF
    last, kept = end >> 16, end & 0xFFFF
    if first == last:
        yield Inline(compressed(block(file, first)[1][skipped:kept]), part)
        return
    if skipped:
        following, data = block(file, first)
        yield Inline(compressed(data[skipped:]), part)
        first = following
    yield Stretch(first, last, part)
    if kept:
        yield Inline(compressed(block(file, last)[1][:kept]), part)


def end_of_data(file: Path) -> int:
    """Where the EOF block begins, or the end of a file without one."""
    size = file.stat().st_size
    with file.open("rb") as content:
        content.seek(max(0, size - len(EOF)))
        return size - len(EOF) if content.read() == EOF else size
