# /// script
# requires-python = ">=3.11"
# dependencies = ["rdflib>=7.1,<8"]
# ///
"""rdflib reads Turtle from standard input and prints the sorted N-Triples as one JSON list."""

import json
import sys

import rdflib

graph = rdflib.Graph().parse(data=sys.stdin.read(), format="turtle")
print(json.dumps(sorted(line for line in graph.serialize(format="nt").split("\n") if line)))
