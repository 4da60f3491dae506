"""The examples run as they stand, against a worker and the stand-in: what the published client shows, part by part."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests import standing

nats_server, modos_stand_in, modos = standing.nats_server, standing.modos_stand_in, standing.modos
folder, spawn_worker = standing.folder, standing.spawn_worker

EXAMPLES = Path(__file__).parents[2] / "services" / "modos" / "examples"
SAID = {
    "bare_nats.py": "succeeded True",
    "endpoints.py": "htsget and no kms\n{'datatype': 'reads'",
    "new_object.py": "['sample/blood1']\n['sample/blood1', 'data/reads1'] False",
    "notebook.py": "1.0 leukocyte http://purl.obolibrary.org/obo/CL_0000738",
    "records.py": "reads, ['name', 'flag', 'reference', 'start', 'end']",
    "remote.py": "s3://modos-demo/GIAB True\nTrue\nGenome in a bottle\nTrue\nthere is no object 'nosuch'",
    "slice.py": "slice.vcf.gz is VCF",
    "whole_object.py": "calls1.bcf 96677",
}


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
async def test_the_example_says_what_it_promises(modos, nats_server, name, tmp_path):
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / name),
        env=os.environ | {"SCIBUS_NATS_URL": nats_server.url},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(running.communicate(), 60)

    assert running.returncode == 0, errors.decode()
    assert SAID[name] in output.decode()


def test_the_bare_example_imports_nothing_of_ours():
    assert "scibus." not in (EXAMPLES / "bare_nats.py").read_text().replace("scibus.v1", "")
