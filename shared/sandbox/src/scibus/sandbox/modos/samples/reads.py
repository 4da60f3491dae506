"""Reads of the made-up chromosomes as BAM and CRAM."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .genome import Contig, contigs

PAIRS = 2800
UNPLACED_PAIRS = 30
LENGTH = 100
INSERT = 350
# Small slices: a region of the CRAM is a fraction of it.
READS_PER_SLICE = 400

# As in files of other people: where the reference lay when they were made.
ELSEWHERE = "/data/reference.fa"

PAIRED, UNMAPPED, MATE_UNMAPPED, FIRST, SECOND = 0x1, 0x4, 0x8, 0x40, 0x80


@dataclass(frozen=True, order=True)
class Read:
    """One read; `contig` is the number of its sequence, or beyond all of them for a read that lies nowhere."""

    contig: int
    start: int
    name: str
    flag: int
    cigar: str | None
    sequence: str
    mate: tuple[int, int]


def write_reads(bam: Path, cram: Path, reference: Path) -> None:
    """The same reads in both formats, with their indexes beside them."""
    import pysam

    header = pysam.AlignmentHeader.from_dict(_header())
    options = [f"seqs_per_slice={READS_PER_SLICE}"]
    with (
        pysam.AlignmentFile(str(bam), "wb", header=header) as as_bam,
        pysam.AlignmentFile(
            str(cram), "wc", header=header, reference_filename=str(reference), format_options=options
        ) as as_cram,
    ):
        for number, read in enumerate(sorted(_reads(random.Random("reads")))):
            segment = _segment(pysam, read, header, number)
            as_bam.write(segment)
            as_cram.write(segment)
    pysam.index(str(bam))
    pysam.index(str(cram))


def _header() -> dict[str, Any]:
    return {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": contig.name, "LN": contig.length, "M5": contig.md5, "UR": ELSEWHERE} for contig in contigs()],
        "RG": [{"ID": "rg1", "SM": "sample1"}],
    }


def _reads(chance: random.Random) -> Iterator[Read]:
    everywhere = contigs()
    weights = [contig.length for contig in everywhere]
    for pair in range(PAIRS):
        number = chance.choices(range(len(everywhere)), weights)[0]
        yield from _pair(f"pair{pair:05}", number, everywhere[number], pair, chance)
    nowhere = (len(everywhere), 0)
    for pair in range(UNPLACED_PAIRS):
        for which in (FIRST, SECOND):
            sequence = "".join(chance.choices("ACGT", k=LENGTH))
            yield Read(*nowhere, f"lost{pair:03}", PAIRED | UNMAPPED | MATE_UNMAPPED | which, None, sequence, nowhere)


def _pair(name: str, number: int, contig: Contig, pair: int, chance: random.Random) -> Iterator[Read]:
    start = chance.randrange(contig.length - 2 * INSERT)
    sequence = contig.sequence[start : start + LENGTH]
    if pair % 25 == 0:
        # The mate was not found, and lies where its partner does.
        lost = "".join(chance.choices("ACGT", k=LENGTH))
        yield Read(number, start, name, PAIRED | MATE_UNMAPPED | FIRST, f"{LENGTH}M", sequence, (number, start))
        yield Read(number, start, name, PAIRED | UNMAPPED | SECOND, None, lost, (number, start))
        return
    other = start + INSERT - LENGTH
    cigar = f"{LENGTH}M"
    if pair % 11 == 0:
        cigar = "40M20D60M"
        sequence = contig.sequence[start : start + 40] + contig.sequence[start + 60 : start + 120]
    mate_sequence = contig.sequence[other : other + LENGTH]
    yield Read(number, start, name, PAIRED | FIRST, cigar, sequence, (number, other))
    yield Read(number, other, name, PAIRED | SECOND, f"{LENGTH}M", mate_sequence, (number, start))


def _segment(pysam: Any, read: Read, header: Any, number: int) -> Any:
    placed = read.contig < len(contigs())
    segment = pysam.AlignedSegment(header)
    segment.query_name = read.name
    segment.flag = read.flag
    segment.reference_id = read.contig if placed else -1
    segment.reference_start = read.start if placed else -1
    segment.mapping_quality = 0 if read.cigar is None else 60
    segment.cigarstring = read.cigar
    segment.next_reference_id = read.mate[0] if placed else -1
    segment.next_reference_start = read.mate[1] if placed else -1
    segment.query_sequence = read.sequence
    segment.query_qualities = _qualities(number)
    segment.set_tag("RG", "rg1")
    return segment


def _qualities(number: int) -> Any:
    return array("B", random.Random(number).choices(range(2, 41), k=LENGTH))
