"""What a ticket's URLs stand for: stretches of a file, or bytes told in the ticket itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import md5
from pathlib import Path
from typing import Literal

Part = Literal["header", "body"]

READ_SIZE = 1024 * 1024


@dataclass(frozen=True)
class Stretch:
    """The bytes of the file from `start` to before `end`."""

    start: int
    end: int
    part: Part


@dataclass(frozen=True)
class Inline:
    """Bytes that are in no file."""

    content: bytes
    part: Part


Piece = Stretch | Inline


def cut(pieces: Iterable[Piece], size: int) -> Iterator[Piece]:
    """The same with stretches of `size` bytes at most, and without empty ones."""
    for piece in pieces:
        if isinstance(piece, Inline):
            yield piece
            continue
        for start in range(piece.start, piece.end, size):
            yield replace(piece, start=start, end=min(start + size, piece.end))


def digest(pieces: Iterable[Piece], file: Path) -> str:
    """The MD5 of all bytes; blocks."""
    whole = md5()  # noqa: S324
    with file.open("rb") as content:
        for piece in cut(pieces, READ_SIZE):
            if isinstance(piece, Inline):
                whole.update(piece.content)
            else:
                content.seek(piece.start)
                whole.update(content.read(piece.end - piece.start))
    return whole.hexdigest()
