"""Names of sequences that are made from the sequence itself (GA4GH refget 2.0, section "Digests")."""

import base64
import hashlib
import re
from typing import Literal, NamedTuple, Self

MD5 = re.compile(r"[0-9a-fA-F]{32}")
TRUNC512 = re.compile(r"[0-9a-fA-F]{48}")
GA4GH = re.compile(r"SQ\.[A-Za-z0-9_-]{32}")
TRUNCATED = 24
"""Bytes of a SHA-512 that count."""


class SequenceId(NamedTuple):
    """A digest and its kind, without any prefix: `md5` and `trunc512` in lower-case hex, `ga4gh` beginning `SQ.`."""

    kind: Literal["md5", "trunc512", "ga4gh"]
    digest: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The digest that `text` writes, with or without `md5:`, `trunc512:` and `ga4gh:` (in any case) before it.

        Raises:
            ValueError: it is none.
        """
        prefix, _, bare = text.rpartition(":")
        kind = prefix.lower()
        if MD5.fullmatch(bare) and kind in ("", "md5"):
            return cls("md5", bare.lower())
        if TRUNC512.fullmatch(bare) and kind in ("", "trunc512"):
            return cls("trunc512", bare.lower())
        if GA4GH.fullmatch(bare) and kind in ("", "ga4gh"):
            return cls("ga4gh", bare)
        raise ValueError(f"{text[:100]!r} is no digest of a sequence: neither MD5 nor SQ.… nor TRUNC512")

    def __str__(self) -> str:
        return self.digest

    @property
    def names(self) -> "tuple[Self, ...]":
        """The same digest in each of its writings: what `SQ.` and TRUNC512 say is the same."""
        cls = type(self)
        if self.kind == "ga4gh":
            raw = base64.urlsafe_b64decode(self.digest[3:])
            return self, cls("trunc512", raw.hex())
        if self.kind == "trunc512":
            return self, cls("ga4gh", "SQ." + base64.urlsafe_b64encode(bytes.fromhex(self.digest)).decode())
        return (self,)


class SequenceDigests(NamedTuple):
    """All digests of one sequence."""

    md5: str
    ga4gh: str
    trunc512: str
    length: int

    def fit(self, sequence: SequenceId) -> bool:
        """Whether they are those of the sequence asked for."""
        return str(getattr(self, sequence.kind)) == sequence.digest


class SequenceHash:
    """Reckons the digests of a sequence that comes in pieces; of its letters A to Z only, in upper case."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha512 = hashlib.sha512()
        self._length = 0

    def add(self, piece: bytes) -> bytes:
        """Reckon `piece` in, and return what of it counts."""
        letters = piece.upper().translate(None, delete=_NO_LETTERS)
        self._md5.update(letters)
        self._sha512.update(letters)
        self._length += len(letters)
        return letters

    def digests(self) -> SequenceDigests:
        """Those of all that was added."""
        truncated = self._sha512.digest()[:TRUNCATED]
        return SequenceDigests(
            md5=self._md5.hexdigest(),
            ga4gh="SQ." + base64.urlsafe_b64encode(truncated).decode(),
            trunc512=truncated.hex(),
            length=self._length,
        )


_NO_LETTERS = bytes(code for code in range(256) if not ord("A") <= code <= ord("Z"))
