# /// script
# requires-python = ">=3.11"
# dependencies = ["promql-parser>=0.12,<0.13"]
# ///
"""A parser of PromQL: takes a file with a JSON array of expressions, and tells for each what it looks at.

Prints an array of `{"metrics": {name: [labels it is chosen by]}, "labels": [labels that are grouped by]}`.
"""

import json
import sys
from pathlib import Path

import promql_parser


def looked_at(expression):
    metrics, labels = {}, set()

    def visit(node):
        if isinstance(node, promql_parser.VectorSelector):
            matchers = [matcher.name for matcher in node.matchers.matchers]
            metrics.setdefault(node.name, set()).update(matchers)
        modifier = getattr(node, "modifier", None)
        for of in (modifier, getattr(modifier, "matching", None)):
            labels.update(getattr(of, "labels", None) or ())
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return {"metrics": {name: sorted(found) for name, found in metrics.items()}, "labels": sorted(labels)}


if __name__ == "__main__":
    expressions = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump([looked_at(expression) for expression in expressions], sys.stdout)
