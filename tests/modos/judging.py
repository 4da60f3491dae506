"""Truth about the sample files: what pysam finds in them by their indexes."""

from pathlib import Path

import pysam

from scibus.sandbox.modos import ModosStandIn

OBJECTS = {"demo1.bam": "ex", "demo1.cram": "ex", "calls1.vcf.gz": "GIAB", "calls1.bcf": "GIAB"}


def local_file(stand_in: ModosStandIn, name: str) -> Path:
    """The file as it lies in the stand-in's bucket."""
    return Path(stand_in.buckets.place.folder) / "modos-demo" / OBJECTS[name] / name


def records_between(stand_in: ModosStandIn, name: str, reference: str, start: int, end: int) -> list[str]:
    """Names of the reads of a region, in the order of the file."""
    path = local_file(stand_in, name)
    fasta = str(path.with_name("reference.fa")) if name.endswith(".cram") else None
    with pysam.AlignmentFile(str(path), reference_filename=fasta) as file:
        return [str(read.query_name) for read in file.fetch(reference, start, end)]
