"""The Turtle of an object before its judge, rdflib."""

import json
import subprocess

from scibus.modos.editing.turtle import turtle
from tests.modos.editing.test_showing import BASE, META
from tests.modos.editing.triples import triples
from tests.tools import SECONDS_TO_RUN, tool

MODOS = "https://w3id.org/sdsc-ordes/modos-schema/"
ODD = {
    f"sample/{code}": {"@type": f"T{chr(code)}", f"a{chr(code)}": f"{chr(code)}\\{chr(code)}"} for code in range(256)
}


def statements(text):
    trial = subprocess.run(
        tool("rdflib_turtle"), input=text, capture_output=True, text=True, timeout=SECONDS_TO_RUN, check=False
    )
    assert trial.returncode == 0, trial.stderr[-2000:]
    return json.loads(trial.stdout)


def test_rdflib_reads_what_was_written():
    text = turtle(META, BASE)
    found = statements(text)

    assert len(found) == len(triples(text))
    assert f"<{BASE}assay/assay1> <{MODOS}has_data> <{BASE}data/demo1> ." in found
    assert f'<{BASE}data/demo1> <{MODOS}depth> "30"^^<http://www.w3.org/2001/XMLSchema#integer> .' in found
    assert any('"with \\"quotes\\", a \\\\ and\\nå\tline' in line for line in found)


def test_rdflib_reads_any_character():
    text = turtle(ODD, BASE)

    assert len(statements(text)) == len(triples(text)) == 3 * 256
