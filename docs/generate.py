"""Writes the generated parts of the README and of the pages anew: `make docs`. A test compares them.

A part stands between `<!-- generated: NAME ARGUMENT -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable, Iterator

from docs.generated.command import command
from docs.generated.files import ROOT, example, titled
from docs.generated.metrics import metrics
from docs.generated.models import model
from docs.generated.operations import operation_details, operations
from docs.generated.protocol import consumers, headers, problems, streams, subjects
from docs.generated.settings import settings

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PART = re.compile(r"(<!-- generated: (\w+) ?(\S*) -->\n).*?(<!-- end -->)", re.DOTALL)
MAKERS: tuple[Callable[[str], Iterator[str]], ...] = (
    *(command, consumers, example, headers, metrics, model, operation_details, operations),
    *(problems, settings, streams, subjects, titled),
)
PARTS = {make.__name__: make for make in MAKERS}


def generated(text: str) -> str:
    """`text` with all its generated parts as they should be."""
    return PART.sub(lambda part: part[1] + "\n".join(PARTS[part[2]](part[3])).rstrip() + "\n" + part[4], text)


if __name__ == "__main__":
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        if (after := generated(before)) != before:
            page.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{page.relative_to(ROOT)} is new\n")
