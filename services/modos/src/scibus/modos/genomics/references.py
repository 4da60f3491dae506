"""References of CRAM files: what is wrong with them, once a file could not be read."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pysam

from scibus.contracts.problems import InvalidRequest, NotFound, Problem

STEP = 1024 * 1024
"""Bases that are read at once."""
MOST_NAMED = 5


def check_readable(reference: Path) -> None:
    """See that `reference` is a FASTA file; its index is made beside it where there is none.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        pysam.FastaFile(str(reference)).close()
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"the reference {reference.name} is no FASTA file that can be read") from error


def sequences_of(file: Any) -> list[dict[str, Any]]:
    """The lines about sequences in the header of `file`."""
    found: list[dict[str, Any]] = file.header.to_dict().get("SQ", [])
    return found


def check_only_source(sequences: Sequence[Mapping[str, Any]], reference: Path | None, file: str) -> None:
    """See that htslib finds no file but `reference`: a header may name any, and it would be opened, and indexed.

    Raises:
        NotFound: it would find another.
    """
    known: set[str] = set()
    if reference is not None:
        with pysam.FastaFile(str(reference)) as fasta:
            known = set(fasta.references)
    lacking = [sequence for sequence in sequences if sequence.get("SN") not in known and "UR" in sequence]
    if any(Path(place).exists() for place in {str(s["UR"]).removeprefix("file:") for s in lacking}):
        if reference is not None:
            raise NotFound(f"{file} refers to {_told(lacking[0])}, which {reference.name} has not")
        raise missing_reference(lacking, file)


def missing_reference(sequences: Sequence[Mapping[str, Any]], file: str) -> Problem:
    """What is said of a CRAM file that could not be read without one."""
    told = ", ".join(map(_told, sequences[:MOST_NAMED])) or "its sequences"
    more = f" and {len(sequences) - MOST_NAMED} more" if len(sequences) > MOST_NAMED else ""
    return NotFound(
        f"{file} cannot be read without its reference ({told}{more}): name the FASTA file that it refers to"
    )


def wrong_reference(sequences: Sequence[Mapping[str, Any]], reference: Path, file: str) -> Problem | None:
    """What is wrong with `reference` as the one of a file with those sequences; None if nothing is."""
    with pysam.FastaFile(str(reference)) as fasta:
        lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
        for sequence in sequences:
            name, length, md5 = str(sequence.get("SN")), sequence.get("LN"), sequence.get("M5")
            if name not in lengths:
                return NotFound(f"{file} refers to {_told(sequence)}, which {reference.name} has not")
            if length != lengths[name] or (md5 and md5.lower() != _digest(fasta, name, lengths[name])):
                return InvalidRequest(
                    f"{file} refers to {_told(sequence)}; in {reference.name} that is another sequence"
                )
    return None


def _digest(fasta: Any, name: str, length: int) -> str:
    md5 = hashlib.md5(usedforsecurity=False)
    for start in range(0, length, STEP):
        md5.update(fasta.fetch(name, start, min(start + STEP, length)).upper().encode())
    return md5.hexdigest()


def _told(sequence: Mapping[str, Any]) -> str:
    known = [f"{key} {str(sequence[key])[:200]}" for key in ("M5", "UR") if key in sequence]
    name = str(sequence.get("SN"))[:100]
    return f"{name} ({', '.join(known)})" if known else name
