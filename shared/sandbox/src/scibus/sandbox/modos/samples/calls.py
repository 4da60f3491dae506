"""Variants on the made-up chromosomes as VCF and BCF."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from .genome import contigs

EVERY = 45
SAMPLES = ("sample1", "sample2")

Call = tuple[str, int, str, tuple[str, ...]]


def write_calls(vcf: Path, bcf: Path) -> None:
    """The same variants in both formats, with their indexes beside them."""
    import pysam

    header = pysam.VariantHeader()
    for contig in contigs():
        header.contigs.add(contig.name, length=contig.length)
    header.info.add("DP", 1, "Integer", "Depth")
    header.formats.add("GT", 1, "String", "Genotype")
    header.formats.add("PL", "G", "Integer", "Likelihoods")
    for sample in SAMPLES:
        header.add_sample(sample)
    with (
        pysam.VariantFile(str(vcf), "wz", header=header) as as_vcf,
        pysam.VariantFile(str(bcf), "wb", header=header) as as_bcf,
    ):
        chance = random.Random("calls")
        for name, start, reference, alternatives in _calls(chance):
            record = header.new_record(
                contig=name,
                start=start,
                alleles=(reference, *alternatives),
                id=f"{name}_{start}",
                qual=float(chance.randrange(20, 99)),
            )
            record.info["DP"] = chance.randrange(5, 200)
            for sample in SAMPLES:
                record.samples[sample]["GT"] = (0, chance.randrange(2))
                record.samples[sample]["PL"] = tuple(chance.randrange(1000) for _ in range(3))
            as_vcf.write(record)
            as_bcf.write(record)
    pysam.tabix_index(str(vcf), preset="vcf", force=True)
    pysam.tabix_index(str(bcf), preset="bcf", csi=True, force=True)  # type: ignore[arg-type]  # its stubs lack "bcf"


def _calls(chance: random.Random) -> Iterator[Call]:
    for contig in contigs():
        for number, start in enumerate(range(10, contig.length - 100, EVERY)):
            # Some deletions: where they overlap a region is more than where they begin.
            length = 30 if number % 13 == 0 else 1
            reference = contig.sequence[start : start + length]
            other = reference[0] if length > 1 else chance.choice([base for base in "ACGT" if base != reference])
            yield contig.name, start, reference, (other,)
