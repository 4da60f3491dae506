"""FASTA, cut into its sequences: each in a file of its own, with its digests, in bounded memory."""

import tempfile
from collections.abc import Iterator
from typing import IO, NamedTuple, Self

from scibus.contracts.modos import SequenceDigests, SequenceHash
from scibus.contracts.problems import InvalidRequest
from scibus.modos.editing.refget.gunzip import Gunzip

IN_MEMORY = 1024 * 1024
"""Bytes of a sequence that need no file."""
LONGEST_HEADER = 64 * 1024


class CutSequence(NamedTuple):
    """One sequence: its name, its letters in upper case as a file to be read from its start, and their digests."""

    name: str
    letters: IO[bytes]
    digests: SequenceDigests


class FastaCutter:
    """Takes a FASTA file piece by piece, plain or compressed, and gives its sequences as soon as they end.

    Use in `with`: what was begun and not given is removed at its end. It writes files: run it in a thread.
    """

    def __init__(self) -> None:
        self._gunzip = Gunzip()
        self._header: bytearray | None = None
        self._is_line_start = True
        self._open: _Sequence | None = None
        self._is_any = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open:
            self._open.letters.close()

    def feed(self, content: bytes) -> Iterator[CutSequence]:
        """The sequences that end in the next piece of the file, each cut when it is wanted: there may be many.

        Raises:
            InvalidRequest: it is no FASTA, cannot be unpacked, or has a sequence without a letter.
        """
        for piece in self._gunzip.feed(content):
            yield from self._cut(piece)

    def end(self) -> Iterator[CutSequence]:
        """The sequences that end with the file.

        Raises:
            InvalidRequest: the file is not whole, has no sequence, or one without a letter.
        """
        yield from self._cut(self._gunzip.end())
        if self._header is not None:
            yield from self._begin()
        yield from self._ended()
        if not self._is_any:
            raise InvalidRequest("the file has no sequence: FASTA begins with a line >name")

    def _cut(self, piece: bytes) -> Iterator[CutSequence]:
        at = 0
        while at < len(piece):
            if self._header is not None:
                end = piece.find(b"\n", at)
                self._header += piece[at : end if end >= 0 else None]
                if len(self._header) > LONGEST_HEADER:
                    raise InvalidRequest("the file is no FASTA: it has a header without end")
                if end < 0:
                    return
                at = end + 1
                yield from self._begin()
            elif self._is_line_start and piece[at : at + 1] == b">":
                self._header = bytearray()
                at += 1
            else:
                end = piece.find(b"\n>", at)
                end = end + 1 if end >= 0 else len(piece)
                self._add(piece[at:end])
                at = end

    def _add(self, text: bytes) -> None:
        self._is_line_start = text.endswith(b"\n")
        if self._open:
            self._open.add(text)
        elif text.strip():
            raise InvalidRequest("the file is no FASTA: it does not begin with a line >name")

    def _begin(self) -> Iterator[CutSequence]:
        """The header is whole: what was before it has ended."""
        yield from self._ended()
        words = bytes(self._header or b"").decode("utf-8", "replace").split(maxsplit=1)
        self._open = _Sequence(words[0] if words else "")
        self._header, self._is_line_start, self._is_any = None, True, True

    def _ended(self) -> Iterator[CutSequence]:
        if self._open:
            found, self._open = self._open, None
            yield found.cut()


class _Sequence:
    """The sequence whose letters are coming."""

    def __init__(self, name: str) -> None:
        # Closed by whoever gets it.
        self.letters: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._name = name
        self._hash = SequenceHash()

    def add(self, text: bytes) -> None:
        self.letters.write(self._hash.add(text))

    def cut(self) -> CutSequence:
        digests = self._hash.digests()
        if not digests.length:
            self.letters.close()
            raise InvalidRequest(f"the sequence {self._name[:200]!r} has no letters")
        self.letters.seek(0)
        return CutSequence(self._name, self.letters, digests)
