"""The examples run as they stand, against a worker and the stand-in."""

import pytest

from tests.examples import Examples

EXAMPLES = Examples("drms")
SAID = {
    "bare_nats.py": "T_REC 2013.07.03_08:42:00_TAI 2013.07.03_08:42:45_TAI",
    "typed_query.py": "2013-07-03 08:41:25+00:00",
    "notebook.py": "has found 4 records",
    "problems.py": "not found: series not found",
    "export.py": "hmi.M_45s[2013.07.03_08:42:00_TAI][2] hmi.m_45s.20130703_084200_TAI.2.magnetogram.fits",
}


def test_every_example_is_run():
    assert EXAMPLES.names == set(SAID)


@pytest.mark.parametrize("name", SAID)
async def test_the_example_says_what_it_promises(drms, jsoc, nats_server, name, tmp_path):
    jsoc.configure({"wait": 0})
    assert SAID[name] in await EXAMPLES.output_of(name, nats_server.url, tmp_path)


def test_the_bare_example_imports_nothing_of_ours():
    assert EXAMPLES.bare_one_is_bare
