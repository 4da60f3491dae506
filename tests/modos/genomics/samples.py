"""Genome files with everything that makes regions hard, and an index beside each."""

import random
from array import array
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

import pysam

CONTIGS = {"chr1": 20_000, "chr2": 8_000, "HLA-A*01:01": 3_000}
READS = 1200
VARIANTS = 700


@dataclass(frozen=True)
class Samples:
    """Where they lie."""

    folder: Path
    reference: Path
    bam: Path
    cram: Path
    vcf: Path
    bcf: Path

    def of(self, form: str) -> Path:
        return Path(getattr(self, form.lower()))


def make_samples(folder: Path) -> Samples:
    samples = Samples(folder, *(folder / name for name in ("ref.fa", "s.bam", "s.cram", "s.vcf.gz", "s.bcf")))
    chance = random.Random("genome")
    sequences = {name: "".join(chance.choices("ACGT", k=length)) for name, length in CONTIGS.items()}
    samples.reference.write_text("".join(f">{name}\n{bases}\n" for name, bases in sequences.items()))
    pysam.faidx(str(samples.reference))
    _write_reads(samples, sequences)
    _write_variants(samples, sequences)
    return samples


def alignment_header(sequences: dict[str, str]) -> Any:
    return pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "coordinate"},
            "SQ": [
                {"SN": name, "LN": len(bases), "M5": md5(bases.encode()).hexdigest()}
                for name, bases in sequences.items()
            ],
            "RG": [{"ID": "rg", "SM": "sample"}],
            "CO": ["made up"],
        }
    )


def _write_reads(samples: Samples, sequences: dict[str, str]) -> None:
    header = alignment_header(sequences)
    chance = random.Random("reads")
    names = list(sequences)
    reads = sorted(
        (chance.choices(range(3), CONTIGS.values())[0], chance.randrange(2700), number) for number in range(READS)
    )
    with (
        pysam.AlignmentFile(str(samples.bam), "wb", header=header) as bam,
        pysam.AlignmentFile(
            str(samples.cram),
            "wc",
            header=header,
            reference_filename=str(samples.reference),
            format_options=[b"seqs_per_slice=100"],
        ) as cram,
    ):
        for contig, start, number in reads:
            read = _read(header, contig, start, number, sequences[names[contig]], chance)
            bam.write(read)
            cram.write(read)
        for number in range(20):
            read = _read(header, -1, -1, READS + number, "ACGT" * 50, chance)
            bam.write(read)
            cram.write(read)
    pysam.index(str(samples.bam))
    pysam.index(str(samples.cram))


def _read(header: Any, contig: int, start: int, number: int, bases: str, chance: random.Random) -> Any:
    read = pysam.AlignedSegment(header)
    read.query_name = f"r{number:05}"
    read.reference_id = contig
    read.reference_start = start
    read.set_tag("RG", "rg")
    read.set_tag("XF", 0.5)
    read.set_tag("XA", array("i", [1, -2]))
    if contig < 0 or number % 9 == 0:
        # Placed at its mate, or nowhere.
        read.flag = 0x1 | 0x4 | 0x40 | (0x8 if contig < 0 else 0)
        read.query_sequence = "".join(chance.choices("ACGT", k=50))
        read.next_reference_id, read.next_reference_start = contig, start
    else:
        read.flag = 0
        read.mapping_quality = 60
        gap = 200 if number % 7 == 0 else 0
        cigar = [(0, 25), (3, gap), (0, 25)] if gap else [(0, 50)]
        read.query_sequence = bases[start : start + 25] + bases[start + 25 + gap : start + 50 + gap]
        if number % 11 == 0:
            cigar = [(4, 10), *cigar]
            read.query_sequence = "A" * 10 + str(read.query_sequence)
        read.cigartuples = cigar
    read.query_qualities = array("B", chance.choices(range(2, 41), k=len(read.query_sequence)))
    return read


def _write_variants(samples: Samples, sequences: dict[str, str]) -> None:
    header = pysam.VariantHeader()
    for name, bases in sequences.items():
        header.contigs.add(name, length=len(bases))
    header.add_line('##FILTER=<ID=q10,Description="low">')
    header.add_line('##ALT=<ID=DEL,Description="Deletion">')
    header.info.add("DP", 1, "Integer", "Depth")
    header.info.add("AF", "A", "Float", "Frequency")
    header.info.add("END", 1, "Integer", "End")
    header.info.add("DB", 0, "Flag", "Known")
    header.formats.add("GT", 1, "String", "Genotype")
    header.formats.add("PL", "G", "Integer", "Likelihoods")
    for sample in ("s1", "s2"):
        header.add_sample(sample)
    chance = random.Random("variants")
    lines = []
    for number in range(VARIANTS):
        name = chance.choices(list(sequences), CONTIGS.values())[0]
        start = chance.randrange(len(sequences[name]) - 400)
        lines.append((list(sequences).index(name), start, number, name))
    with (
        pysam.VariantFile(str(samples.vcf), "wz", header=header) as vcf,
        pysam.VariantFile(str(samples.bcf), "wb", header=header) as bcf,
    ):
        for _, start, number, name in sorted(lines):
            record = _variant(header, name, start, number, sequences[name], chance)
            vcf.write(record)
            bcf.write(record)
    pysam.tabix_index(str(samples.vcf), preset="vcf", force=True)
    pysam.tabix_index(str(samples.bcf), preset="bcf", csi=True, force=True)


def _variant(header: Any, name: str, start: int, number: int, bases: str, chance: random.Random) -> Any:
    length = 20 if number % 8 == 0 else 1
    reference = bases[start : start + length]
    alternatives = ("<DEL>",) if number % 13 == 0 else (reference[0] + "T",) if number % 3 else ("A", "AC")
    stop = start + 300 if number % 13 == 0 else start + length
    record = header.new_record(
        contig=name,
        start=start,
        stop=stop,
        alleles=(reference, *(one for one in alternatives if one != reference)),
        id=f"v{number}" if number % 2 else None,
        qual=chance.choice([None, 12.5, 99.0]),
        filter=chance.choice(["PASS", "q10"]),
    )
    record.info["DP"] = chance.randrange(100)
    record.info["AF"] = tuple(0.5 for _ in record.alts or ())
    record.info["DB"] = number % 2 == 0
    record.samples["s1"]["GT"] = (0, 1)
    record.samples["s1"].phased = True
    record.samples["s2"]["GT"] = (None, None)
    return record
