"""The examples run as they stand, against a worker and the stand-in."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "services" / "drms" / "examples"
SAID = {
    "bare_nats.py": "T_REC 2013.07.03_08:42:00_TAI 2013.07.03_08:42:45_TAI",
    "typed_query.py": "2013-07-03 08:41:25+00:00",
    "notebook.py": "has found 4 records",
    "problems.py": "not found: series not found",
    "export.py": "hmi.M_45s[2013.07.03_08:42:00_TAI][2] hmi.m_45s.20130703_084200_TAI.2.magnetogram.fits",
}


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
async def test_the_example_says_what_it_promises(drms, jsoc, nats_server, name):
    jsoc.configure({"wait": 0})
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / name),
        env=os.environ | {"SCIBUS_NATS_URL": nats_server.url, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(running.communicate(), 60)

    assert running.returncode == 0, errors.decode()
    assert SAID[name] in output.decode()


def test_the_bare_example_imports_nothing_of_ours():
    assert "scibus." not in (EXAMPLES / "bare_nats.py").read_text().replace("scibus.v1", "")
