"""A BAM of any size, fast: its reads are random."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from scibus.sandbox.modos.htsget import bgzf

CONTIG, LENGTH = "chr1", 500_000_000
READ = 150
READS_PER_MEGABYTE = 7000
POOL = 1 << 20
PROPERLY_PAIRED_FIRST = 0x1 | 0x2 | 0x40

CORE = struct.Struct("<iiiBBHHHiiii")
BASES = bytes(16 * (1 << (n >> 2 & 3)) + (1 << (n & 3)) for n in range(256))
QUALITIES = bytes(2 + n % 40 for n in range(256))


def write_large(bam: Path, megabytes: float) -> int:
    """A sorted BAM of about this size on one sequence, with its index; how many reads it has. Blocks."""
    import pysam

    from .files import htslib_commands

    records = _records(max(1, min(READ // 2, int(LENGTH / (megabytes * READS_PER_MEGABYTE + 1)))))
    with bam.open("wb") as file:
        file.write(bgzf.compressed(_header()))
        count = _write(file, records, int(megabytes * 1_000_000))
        file.write(bgzf.EOF)
    with htslib_commands:
        pysam.index(str(bam))
    return count


def _write(file: BinaryIO, records: Iterator[bytes], size: int) -> int:
    count, used = 0, 0
    pending: list[bytes] = []
    for record in records:
        if used + len(record) > bgzf.LARGEST:
            file.write(bgzf.compressed(b"".join(pending), level=1))
            pending, used = [], 0
            if file.tell() >= size:
                break
        pending.append(record)
        used += len(record)
        count += 1
    file.write(bgzf.compressed(b"".join(pending), level=1))
    return count


def _header() -> bytes:
    text = f"@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:{CONTIG}\tLN:{LENGTH}\n".encode()
    name = CONTIG.encode() + b"\0"
    sequence = struct.pack("<i", len(name)) + name + struct.pack("<i", LENGTH)
    return b"BAM\1" + struct.pack("<i", len(text)) + text + struct.pack("<i", 1) + sequence


def _records(step: int) -> Iterator[bytes]:
    """Until the sequence ends."""
    chance = random.Random("large")
    bases = chance.randbytes(POOL).translate(BASES)
    qualities = chance.randbytes(POOL).translate(QUALITIES)
    cigar = struct.pack("<I", READ << 4)
    for number, start in enumerate(range(0, LENGTH - 2 * READ, step)):
        name = f"r{number:09}\0".encode()
        size = CORE.size - 4 + len(name) + len(cigar) + READ // 2 + READ
        core = CORE.pack(
            size, 0, start, len(name), 60, _bin(start, start + READ), 1, PROPERLY_PAIRED_FIRST, READ, 0, start, READ
        )
        here = chance.randrange(POOL - READ)
        yield b"".join((core, name, cigar, bases[here : here + READ // 2], qualities[here : here + READ]))


def _bin(start: int, end: int) -> int:
    end -= 1
    for shift, first in ((14, 4681), (17, 585), (20, 73), (23, 9), (26, 1)):
        if start >> shift == end >> shift:
            return first + (start >> shift)
    return 0
