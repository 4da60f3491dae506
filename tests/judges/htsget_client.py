# /// script
# requires-python = ">=3.11"
# dependencies = ["htsget>=0.2.6,<0.3", "pysam>=0.23"]
# ///
"""The published htsget client, run against a stand-in for MODOS: `htsget_client.py ADDRESSES`.

ADDRESSES is the line of JSON that the stand-in prints. Prints one line of JSON; ends with an exit code other than 0
when what the client gets is no valid file, or lacks a record of the region.
"""

import argparse
import json
import sys
import tempfile
import urllib.request
from importlib.metadata import version
from pathlib import Path

import htsget
import pysam

FILES = {
    ("reads/ex/demo1", "BAM"): "chr1",
    ("reads/ex/demo1", "CRAM"): "chr2",
    ("reads/proj/nested-ex/demo1", "BAM"): "chr2",
    ("variants/GIAB/calls1", "VCF"): "chr2",
    ("variants/GIAB/calls1", "BCF"): "chr1",
}
REGIONS = [(0, 500), (16_000, 17_000), (20_000, 40_000)]


class Disagreement(Exception):
    """The client got something else than expected."""


def expect(what, got, expected):
    if got != expected:
        raise Disagreement(f"{what}: {got!r} instead of {expected!r}")


def fetch(url, form, folder, **region):
    file = Path(folder) / f"fetched.{form.lower()}"
    with file.open("wb") as output:
        htsget.get(url, output, data_format=form, max_retries=0, timeout=60, **region)
    return file


def lines(file, form):
    """Chromosome, start, end and text of each record; CRAM needs no reference for these."""
    if form in ("VCF", "BCF"):
        with pysam.VariantFile(str(file)) as variants:
            return [(record.chrom, record.start, record.stop, str(record)) for record in variants]
    with pysam.AlignmentFile(str(file), check_sq=False, format_options=["required_fields=0x1ff"]) as reads:
        return [
            (read.reference_name, read.reference_start, read.reference_end or read.reference_start + 1, name(read))
            for read in reads.fetch(until_eof=True)
        ]


def name(read):
    return f"{read.query_name}/{read.flag}"


def overlapping(records, chromosome, start, end):
    return [text for where, first, last, text in records if where == chromosome and last > start and first < end]


def judge_file(base, identifier, form, chromosome, folder):
    whole = lines(fetch(base + identifier, form, folder), form)
    for start, end in REGIONS:
        part = lines(fetch(base + identifier, form, folder, reference_name=chromosome, start=start, end=end), form)
        wanted = overlapping(whole, chromosome, start, end)
        expect(f"{form} {chromosome}:{start}-{end}", overlapping(part, chromosome, start, end), wanted)
        expect(f"something in {form} {chromosome}:{start}-{end}", bool(wanted), True)


def judge_errors(base, folder):
    try:
        fetch(f"{base}reads/ex/nothing", "BAM", folder)
    except htsget.ClientError as error:
        expect("error of an unknown id", "NotFound" in str(error), True)
    else:
        raise Disagreement("an unknown id gave no error")


def main(addresses):
    with urllib.request.urlopen(addresses["url"], timeout=60) as answer:
        base = json.load(answer)["htsget"] + "/"
    with tempfile.TemporaryDirectory() as folder:
        for (identifier, form), chromosome in FILES.items():
            judge_file(base, identifier, form, chromosome, folder)
        judge_errors(base, folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs htsget against a stand-in for MODOS.")
    parser.add_argument("addresses", type=json.loads)
    summary = {"judge": "htsget", "version": version("htsget")}
    try:
        main(parser.parse_args().addresses)
    except Disagreement as disagreement:
        print(json.dumps({**summary, "verdict": "failed", "why": str(disagreement)}))
        sys.exit(1)
    print(json.dumps({**summary, "verdict": "passed"}))
