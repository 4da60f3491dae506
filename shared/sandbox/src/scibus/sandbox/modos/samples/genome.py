"""Two short made-up chromosomes."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from functools import cache

LINE = 70


@dataclass(frozen=True)
class Contig:
    """One sequence of the reference."""

    name: str
    sequence: str

    @property
    def length(self) -> int:
        return len(self.sequence)

    @property
    def md5(self) -> str:
        return hashlib.md5(self.sequence.encode()).hexdigest()  # noqa: S324


@cache
def contigs() -> tuple[Contig, ...]:
    chance = random.Random("scibus")
    return tuple(
        Contig(name, "".join(chance.choices("ACGT", k=length)))
        for name, length in (("chr1", 120_000), ("chr2", 45_000))
    )


def fasta() -> bytes:
    lines = []
    for contig in contigs():
        lines.append(f">{contig.name}")
        lines += [contig.sequence[start : start + LINE] for start in range(0, contig.length, LINE)]
    return ("\n".join(lines) + "\n").encode()
