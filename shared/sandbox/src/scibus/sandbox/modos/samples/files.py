"""The genome files, made once for all stand-ins of a process."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .calls import write_calls
from .genome import fasta
from .reads import write_reads

htslib_commands = threading.Lock()
"""htslib's commands share one standard output: two threads must not be in them at once."""


def genome_files() -> Mapping[str, bytes]:
    """Contents by file name; takes a moment the first time."""
    with htslib_commands:
        return _made()


@cache
def _made() -> Mapping[str, bytes]:
    import pysam

    with tempfile.TemporaryDirectory(prefix="scibus-modos-") as name:
        folder = Path(name)
        reference = folder / "reference.fa"
        reference.write_bytes(fasta())
        pysam.faidx(str(reference))
        write_reads(folder / "demo1.bam", folder / "demo1.cram", reference)
        write_calls(folder / "calls1.vcf.gz", folder / "calls1.bcf")
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
