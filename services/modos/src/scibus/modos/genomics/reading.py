"""Records that lie in regions, out of a file that comes through a descriptor. Everything here blocks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysam

from scibus.contracts.modos.slices import Format, Region
from scibus.contracts.problems import BadBackendAnswer, InvalidRequest, Problem
from scibus.modos.genomics.htslib import tame
from scibus.modos.genomics.overlaps import UNPLACED, Regions
from scibus.modos.genomics.references import (
    check_only_source,
    check_readable,
    missing_reference,
    sequences_of,
    wrong_reference,
)

ALIGNMENTS: dict[Format, str] = {"BAM": "rb", "CRAM": "rc"}
BROKEN = (OSError, ValueError, LookupError, ArithmeticError)
"""What pysam raises when it reads what makes no sense."""


@dataclass(frozen=True)
class Selection:
    """Which records of what.

    Attributes:
        format: of the file.
        regions: 0-based and half-open; none for all records.
        reference: FASTA file, for CRAM.
        name: what the file is called in problems.
    """

    format: Format
    regions: Sequence[Region] = ()
    reference: Path | None = None
    name: str = "the file"

    @property
    def has_alignments(self) -> bool:
        return self.format in ALIGNMENTS


@contextmanager
def opened(selection: Selection, descriptor: int) -> Iterator[Any]:
    """The file that comes through `descriptor`, its header read, for its records to be read.

    Raises:
        BadBackendAnswer: it cannot be read.
        InvalidRequest: the reference cannot.
        NotFound: the file would have references read from elsewhere.
    """
    if selection.reference is not None:
        check_readable(selection.reference)
    with header_of(selection, descriptor) as file:
        if selection.format == "CRAM":
            check_only_source(sequences_of(file), selection.reference, selection.name)
        yield file


@contextmanager
def header_of(selection: Selection, descriptor: int) -> Iterator[Any]:
    """The file that comes through `descriptor`, its header read.

    Raises:
        BadBackendAnswer: it cannot be read, or what the block wants of its header is no text.
    """
    tame()
    # By its name: of a descriptor, pysam loses a copy where it fails.
    path = f"/dev/fd/{descriptor}"
    try:
        if selection.has_alignments:
            reference = str(selection.reference) if selection.reference else None
            mode = ALIGNMENTS[selection.format]
            file: Any = pysam.AlignmentFile(path, mode, check_sq=False, reference_filename=reference)
        else:
            file = pysam.VariantFile(path, "r")
    except BROKEN as error:
        raise unreadable(selection) from error
    try:
        yield file
    except UnicodeDecodeError as error:
        raise BadBackendAnswer(f"the header of {selection.name} cannot be read: it is not UTF-8") from error
    finally:
        # Of a broken file pysam says it once more.
        with suppress(OSError, TypeError):
            file.close()


def selected(selection: Selection, file: Any) -> Iterator[Any]:
    """Those records of `file` that lie in the regions, each once, in the order of the file, which is read to its end.

    Raises:
        NotFound: it has no such sequence; or it cannot be read without a reference.
        InvalidRequest: the reference is another one; or reads that are placed nowhere are asked of variants.
        BadBackendAnswer: it is broken.
    """
    regions = Regions(selection.regions)
    if selection.has_alignments:
        regions.check_known(file.references, selection.name)
    elif any(region.reference_name == UNPLACED for region in selection.regions):
        raise InvalidRequest(f"all records of {selection.name} are placed: ask for none with *")
    span = _span_of_alignment if selection.has_alignments else _span_of_variant
    while True:
        try:
            record = next(file, None)
            if record is None:
                return
            wanted = regions.have_all or regions.have(*span(record))
        except BROKEN as error:
            raise _reason(selection, file) from error
        if wanted:
            yield record


def _span_of_alignment(read: Any) -> tuple[str | None, int, int]:
    """Where a read lies. One that covers nothing of the reference, or was put to its mate, counts as one base long."""
    start = read.reference_start
    return read.reference_name, start, alignment_end(read)


def alignment_end(read: Any) -> int:
    """Where a read ends, as htslib counts it for its indexes."""
    start: int = read.reference_start
    return start + 1 if read.is_unmapped else max(read.reference_end or 0, start + 1)


def _span_of_variant(record: Any) -> tuple[str | None, int, int]:
    start = record.start
    return record.chrom, start, max(record.stop, start + 1)


def _reason(selection: Selection, file: Any) -> Problem:
    """Why no record could be read of `file`: it is broken, or there is no reference to read it with."""
    if selection.format != "CRAM":
        return unreadable(selection)
    sequences = sequences_of(file)
    if selection.reference is None:
        return missing_reference(sequences, selection.name)
    return wrong_reference(sequences, selection.reference, selection.name) or unreadable(selection)


def unreadable(selection: Selection) -> Problem:
    """What is said of a broken file; pysam's own words tell of descriptors and lines of its source."""
    return BadBackendAnswer(f"{selection.name} is broken or cut: it cannot be read as {selection.format}")
