# /// script
# requires-python = ">=3.12"
# dependencies = ["modos==0.3.5", "pynacl", "requests<2.34"]
# ///
"""The published modos client, run against a stand-in of its own generation: `modos_client.py ADDRESSES`.

ADDRESSES is the line of JSON that the stand-in prints. Prints one line of JSON; ends with an exit code other than 0
when the client does not find what a server of its release would give. PyNaCl is what its wheel forgets to ask for; a
newer requests would send `//list`.
"""

import argparse
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import pysam
from modos.api import MODO
from modos.codes import RemoteCodeMatcher
from modos.genomics.htsget import HtsgetConnection
from modos.genomics.region import Region
from modos.remote import EndpointManager, get_metadata_from_remote, get_s3_path, list_remote_items


class Disagreement(Exception):
    """The client got something else than expected."""


def expect(what, got, expected):
    if got != expected:
        raise Disagreement(f"{what}: {got!r} instead of {expected!r}")


def judge_discovery(url):
    services = EndpointManager(modos=url)
    expect("services", list(services.list()), ["status", "s3", "htsget", "fuzon", "refget"])
    expect("objects", list_remote_items(url), ["s3://modos-035/GIAB", "s3://modos-035/ex"])
    expect("objects of the metadata", list(get_metadata_from_remote(url)), ["modos-035/GIAB", "modos-035/ex"])
    meta = get_metadata_from_remote(url, "modos-035/ex")
    expect("elements", [name for name in meta if "/" not in name or name.startswith("data/")][:2], ["ex", "data/demo1"])
    expect("exact search", get_s3_path(url, "ex", exact_match=True), [])
    (found,) = get_s3_path(url, "ex")
    expect("fuzzy search", found["modos-035/ex"]["modo_path"], "s3://modos-035/ex")
    return services


def judge_object(store):
    """Not over S3: the stand-in's objects lie in a folder."""
    modo = MODO(Path(urlsplit(str(store)).path) / "modos-035" / "ex")
    expect("id", modo.zarr.attrs["id"], "ex")
    expect("its data", modo.metadata["data/demo1"]["data_path"], "demo1.cram")
    expect("its files", {file.name for file in modo.list_files()} >= {"demo1.cram", "demo1.bam", "reference.fa"}, True)


def judge_streams(host, folder):
    # This small because the release loses whatever lies inside of the region.
    region = Region("chr2", 20_035, 20_036)
    calls = list(HtsgetConnection(host, Path("GIAB/calls1.vcf.gz"), region).to_pysam())
    expect("calls", [record.start for record in calls], [20_035])
    bam = Path(folder) / "part.bam"
    HtsgetConnection(host, Path("ex/demo1.bam"), region).to_file(bam)
    with pysam.AlignmentFile(str(bam)) as reads:
        expect("reads of one chromosome", {read.reference_name for read in reads}, {"chr2"})


def judge_codes(fuzon):
    codes = RemoteCodeMatcher("cell_type", fuzon, top=2).find_codes("leukocyte")
    expect("codes", [code.label for code in codes], ["leukocyte@en", "myeloid leukocyte"])


def main(addresses):
    services = judge_discovery(addresses["url"])
    judge_object(services.s3)
    with tempfile.TemporaryDirectory() as folder:
        judge_streams(services.htsget, folder)
    judge_codes(services.fuzon)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs modos against a stand-in for MODOS.")
    parser.add_argument("addresses", type=json.loads)
    summary = {"judge": "modos", "version": version("modos")}
    try:
        main(parser.parse_args().addresses)
    except Disagreement as disagreement:
        print(json.dumps({**summary, "verdict": "failed", "why": str(disagreement)}))
        sys.exit(1)
    print(json.dumps({**summary, "verdict": "passed"}))
