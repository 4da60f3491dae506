"""What a sequence is called."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Self

KINDS_OF_ID = (r"(md5:)?[0-9a-f]{32}", r"(trunc512:)?[0-9a-f]{48}", r"(ga4gh:)?SQ\.[0-9A-Za-z_-]{32}")
ID = re.compile("|".join(KINDS_OF_ID))


@dataclass(frozen=True)
class Digests:
    """The three names of one sequence."""

    md5: str
    ga4gh: str
    trunc512: str

    @classmethod
    def of(cls, sequence: bytes) -> Self:
        digest = hashlib.sha512(sequence).digest()[:24]
        name = f"SQ.{base64.urlsafe_b64encode(digest).decode()}"
        return cls(hashlib.md5(sequence).hexdigest(), name, digest.hex())  # noqa: S324

    def names(self) -> tuple[str, str, str]:
        return self.md5, self.ga4gh, self.trunc512


def normalised(identifier: str) -> str | None:
    """The id without its prefix, hexadecimal ones in lower case; None when it is no id."""
    text = identifier if "SQ." in identifier else identifier.lower()
    return text.rpartition(":")[2] if ID.fullmatch(text) else None
