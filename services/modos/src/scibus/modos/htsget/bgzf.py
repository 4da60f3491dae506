"""BGZF: blocks of gzip that tell their length."""

import struct
import zlib

MAGIC = b"\x1f\x8b\x08\x04"
HEAD = struct.Struct("<4sIBBH")
USUAL_HEAD = struct.Struct("<4sIBBHHHH")
USUAL_EXTRA = (6, 0x4342, 2)


class BgzfWalk:
    """Follows the blocks of a stream from one to the next.

    Attributes:
        first: what the first blocks hold, as much of it as was asked for.
    """

    def __init__(self, wanted: int) -> None:
        self.first = b""
        self._wanted = wanted
        self._head = bytearray()
        self._block = bytearray()
        self._skip = 0

    @property
    def is_at_a_boundary(self) -> bool:
        return not self._skip and not self._head

    def feed(self, piece: bytes) -> None:
        """Follow `piece`.

        Raises:
            ValueError: it is no BGZF, or what was compressed is broken.
        """
        at = 0
        while at < len(piece):
            if self._skip:
                step = min(self._skip, len(piece) - at)
                self._keep(piece, at, step)
                self._skip -= step
                at += step
                if not self._skip:
                    self._end_block()
                continue
            if not self._head and len(self.first) >= self._wanted:
                at = self._leap(piece, at)
                if at >= len(piece):
                    self._skip = at - len(piece)
                    return
            at += self._read_head(piece, at)

    def _leap(self, piece: bytes, at: int) -> int:
        """Where the last of the blocks ends that follow each other from `at` on and look as most do."""
        unpack, last = USUAL_HEAD.unpack_from, len(piece) - USUAL_HEAD.size
        while at <= last:
            magic, _, _, _, extra, name, length, size = unpack(piece, at)
            if magic != MAGIC or (extra, name, length) != USUAL_EXTRA:
                break
            at += size + 1
        return at

    def _read_head(self, piece: bytes, at: int) -> int:
        """Collect the head of a block byte by byte, as far as it goes; how many bytes of `piece` were used."""
        before = len(self._head)
        needed = HEAD.size
        if before >= HEAD.size:
            needed += HEAD.unpack_from(self._head)[-1]
        used = piece[at : at + needed - before]
        self._head += used
        if not MAGIC.startswith(bytes(self._head[:4])):
            raise ValueError("there is something between its blocks that is no BGZF")
        if len(self._head) < HEAD.size:
            return len(used)
        extra = HEAD.unpack_from(self._head)[-1]
        if len(self._head) == HEAD.size + extra:
            rest = _size(bytes(self._head[HEAD.size :])) - len(self._head)
            if rest <= 0:
                raise ValueError("a block of it is shorter than its own head")
            if len(self.first) < self._wanted:
                self._block += self._head
            self._head.clear()
            self._skip = rest
        return len(used)

    def _keep(self, piece: bytes, at: int, step: int) -> None:
        if len(self.first) < self._wanted:
            self._block += piece[at : at + step]

    def _end_block(self) -> None:
        if len(self.first) >= self._wanted:
            return
        try:
            unpacked = zlib.decompressobj(31).decompress(bytes(self._block), self._wanted - len(self.first))
        except zlib.error as error:
            raise ValueError("its first block is broken") from error
        self.first += unpacked
        self._block.clear()


def _size(extra: bytes) -> int:
    """Bytes of the whole block, which one of the extra fields tells."""
    at = 0
    while at + 4 <= len(extra):
        length = int.from_bytes(extra[at + 2 : at + 4], "little")
        if extra[at : at + 2] == b"BC" and length == 2 and at + 6 <= len(extra):
            return int.from_bytes(extra[at + 4 : at + 6], "little") + 1
        at += 4 + length
    raise ValueError("it is compressed with gzip, but not in the blocks of BGZF")
