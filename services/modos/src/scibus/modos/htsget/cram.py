"""CRAM: containers that tell their length."""

from scibus.modos.htsget.formats import CRAM_2_END, CRAM_END

FILE_HEAD = 26
VERSIONS = (2, 3)
LONGEST_HEAD = 16 * 1024
"""Bytes of a container's head; it lists its slices."""
END_START = 4542278
"""Where the container that ends a file claims to begin: `EOF`."""


class CramWalk:
    """Follows the containers of a stream from one to the next."""

    def __init__(self) -> None:
        self.version = 0
        self.is_ended = False
        self._head = bytearray()
        self._skip = 0

    @property
    def is_at_a_boundary(self) -> bool:
        return bool(self.version) and not self._skip and not self._head

    @property
    def end(self) -> bytes:
        """What a file of this version ends with."""
        return CRAM_2_END if self.version == 2 else CRAM_END

    def feed(self, piece: bytes) -> None:
        """Follow `piece`.

        Raises:
            ValueError: it is no CRAM, or of a version that nobody knows.
        """
        at = 0
        while at < len(piece):
            if self._skip:
                step = min(self._skip, len(piece) - at)
                self._skip -= step
                at += step
                continue
            if self.is_ended:
                raise ValueError("it goes on after its end")
            # Heads are short: a few dozen bytes at first, more where they turn out longer.
            taken = piece[at : at + 64]
            self._head += taken
            at += len(taken)
            used = self._read_head()
            if used:
                unused = len(self._head) - used
                at -= min(unused, len(taken))
                self._head.clear()
            elif len(self._head) > LONGEST_HEAD:
                raise ValueError("a container of it has a head without end")

    def _read_head(self) -> int:
        """Bytes of the head that has been collected; 0 while it is not all there."""
        if not self.version:
            if not b"CRAM".startswith(bytes(self._head[:4])):
                raise ValueError("it does not begin as CRAM")
            if len(self._head) < FILE_HEAD:
                return 0
            if self._head[4] not in VERSIONS:
                raise ValueError(f"it is CRAM of version {self._head[4]}.{self._head[5]}, which is not supported")
            self.version = self._head[4]
            return FILE_HEAD
        numbers = _Numbers(self._head)
        try:
            length = numbers.fixed()
            reference, start = numbers.itf8(), numbers.itf8()
            numbers.itf8()
            records = numbers.itf8()
            numbers.ltf8() if self.version == 3 else numbers.itf8()
            numbers.ltf8()
            numbers.itf8()
            for _ in range(numbers.itf8()):
                numbers.itf8()
            if self.version == 3:
                numbers.fixed()
        except IndexError:
            return 0
        if length < 0 or length >= 2**31:
            raise ValueError("a container of it has no length")
        self._skip = length
        self.is_ended = (reference, start, records) == (0xFFFFFFFF, END_START, 0)
        return numbers.at


class _Numbers:
    """Numbers in CRAM's own writing; an IndexError says that they go on after what is there."""

    def __init__(self, data: bytearray) -> None:
        self._data = data
        self.at = 0

    def fixed(self) -> int:
        self.at += 4
        if self.at > len(self._data):
            raise IndexError
        return int.from_bytes(self._data[self.at - 4 : self.at], "little", signed=False)

    def itf8(self) -> int:
        first = self._data[self.at]
        more = 0 if first < 0x80 else 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        if self.at + more >= len(self._data):
            raise IndexError
        rest = self._data[self.at + 1 : self.at + 1 + more]
        self.at += 1 + more
        if more < 4:
            return (first & (0x7F >> more)) << (8 * more) | int.from_bytes(rest, "big")
        return (first & 0x0F) << 28 | rest[0] << 20 | rest[1] << 12 | rest[2] << 4 | rest[3] & 0x0F

    def ltf8(self) -> None:
        first = self._data[self.at]
        more = next((count for count in range(8) if not first & (0x80 >> count)), 8)
        self.at += 1 + more
        if self.at > len(self._data):
            raise IndexError
