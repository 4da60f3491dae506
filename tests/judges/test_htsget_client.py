"""The stand-in for MODOS before judges of its htsget: the published client, and htslib's own reader."""

import json
import subprocess
import sys

import pysam
import pytest

from tests.tools import run, tool


@pytest.fixture(scope="module")
def stand_in():
    """Addresses of a stand-in in a process of its own, as it tells them."""
    with subprocess.Popen([sys.executable, "-m", "scibus.sandbox.modos"], stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline()
        process.terminate()


def test_the_published_client_works_with_the_stand_in(stand_in):
    trial = run([*tool("htsget_client"), stand_in])

    assert trial.returncode == 0, f"{trial.stdout}\n{trial.stderr[-2000:]}"
    assert json.loads(trial.stdout)["verdict"] == "passed"


def test_htslib_reads_all_reads_through_a_ticket(stand_in):
    url = f"{json.loads(stand_in)['url']}htsget/reads/ex/demo1"

    with pysam.AlignmentFile(url) as reads:
        count = sum(1 for _ in reads.fetch(until_eof=True))

    assert count == 5660


def test_htslib_reads_all_variants_through_a_ticket(stand_in):
    url = f"{json.loads(stand_in)['url']}htsget/variants/GIAB/calls1?format=BCF"

    with pysam.VariantFile(url) as variants:
        count = sum(1 for _ in variants)

    assert count == 3663
