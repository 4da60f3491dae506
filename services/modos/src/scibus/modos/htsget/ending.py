"""Whether a stream is what its format says, from the first byte to the last."""

from collections.abc import AsyncGenerator, AsyncIterator

from scibus.contracts.modos.slices import Format
from scibus.contracts.problems import BadBackendAnswer
from scibus.modos.htsget.bgzf import MAGIC, BgzfWalk
from scibus.modos.htsget.cram import CramWalk
from scibus.modos.htsget.formats import BGZF_END

BEGINNINGS: dict[Format, bytes] = {"BAM": b"BAM\1", "BCF": b"BCF\2", "VCF": b"##fileformat=VCF"}
"""What the formats begin with, uncompressed; a VCF may come so."""


class FormatCheck:
    """Follows a stream of `format`.

    Args:
        mends: whether an end that is missing behind whole pieces is added.

    Attributes:
        is_mended: whether it was.
    """

    def __init__(self, wanted: Format, *, mends: bool = True) -> None:
        self.is_mended = False
        self._format = wanted
        self._mends = mends
        self._beginning = BEGINNINGS.get(wanted, b"")
        self._walk: BgzfWalk | CramWalk = CramWalk() if wanted == "CRAM" else BgzfWalk(len(self._beginning))
        self._is_told_apart = False
        self._is_plain = False
        self._start = b""
        self._tail = b""

    def feed(self, piece: bytes) -> None:
        """Follow `piece`.

        Raises:
            BadBackendAnswer: it does not belong into a file of the format.
        """
        try:
            self._follow(piece)
        except ValueError as error:
            raise self._wrong(str(error)) from error

    def _follow(self, piece: bytes) -> None:
        if self._format == "VCF" and not self._is_told_apart:
            self._start += piece
            if len(self._start) < len(self._beginning) and not self._start.startswith(MAGIC):
                return
            self._is_told_apart = True
            self._is_plain = self._start.startswith(self._beginning)
            piece, self._start = self._start, b""
        if self._is_plain:
            return
        self._walk.feed(piece)
        if isinstance(self._walk, BgzfWalk) and not self._beginning.startswith(self._walk.first):
            raise ValueError("what is compressed in it begins with something else")
        tail = len(self._end)
        self._tail = piece[-tail:] if len(piece) >= tail else (self._tail + piece)[-tail:]

    @property
    def is_begun(self) -> bool:
        """Whether what came so far is enough to tell that the stream begins as it should."""
        if isinstance(self._walk, CramWalk):
            return bool(self._walk.version)
        return self._is_plain or self._walk.first == self._beginning

    @property
    def _end(self) -> bytes:
        return self._walk.end if isinstance(self._walk, CramWalk) else BGZF_END

    def finish(self) -> bytes:
        """What is still to be added to the stream, which has ended.

        Raises:
            BadBackendAnswer: the stream is not whole.
        """
        if self._is_plain:
            return b""
        if self._start or not self._walk.is_at_a_boundary:
            raise self._wrong("it breaks off")
        if isinstance(self._walk, BgzfWalk) and self._walk.first != self._beginning:
            raise self._wrong("there is nothing in it")
        if self._tail == self._end:
            return b""
        if not self._mends:
            raise self._wrong("its end-of-file block is missing, so it may have been cut")
        self.is_mended = True
        return self._end

    def _wrong(self, how: str) -> BadBackendAnswer:
        return BadBackendAnswer(f"what came is no whole {self._format} file: {how}")


async def checked(content: AsyncIterator[bytes], check: FormatCheck) -> AsyncGenerator[bytes, None]:
    """The same stream, if it is what `check` wants, ended as it should; nothing comes before its beginning is right.

    Raises:
        BadBackendAnswer: it is not; raised before the stream ends, so that whoever keeps it knows.
    """
    held = b""
    async for piece in content:
        check.feed(piece)
        if not check.is_begun:
            # One compressed block at most.
            held += piece
            continue
        if held:
            yield held
            held = b""
        yield piece
    rest = check.finish()
    if rest:
        yield rest
