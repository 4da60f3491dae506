"""The examples run as they stand, against a worker and the stand-in: what the published client shows, part by part."""

import pytest

from tests import standing
from tests.examples import Examples

nats_server, modos_stand_in, modos = standing.nats_server, standing.modos_stand_in, standing.modos
folder, spawn_worker = standing.folder, standing.spawn_worker

EXAMPLES = Examples("modos")
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
    assert EXAMPLES.names == set(SAID)


@pytest.mark.parametrize("name", SAID)
async def test_the_example_says_what_it_promises(modos, nats_server, name, tmp_path):
    assert SAID[name] in await EXAMPLES.output_of(name, nats_server.url, tmp_path)


def test_the_bare_example_imports_nothing_of_ours():
    assert EXAMPLES.bare_one_is_bare
