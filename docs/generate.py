"""Writes the generated parts of the README anew: `make docs`. A test compares them.

A part stands between `<!-- generated: NAME ARGUMENT -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic_settings import BaseSettings

from scibus.contracts.operations import JobOperation
from scibus.contracts.schemas import SERVICES
from scibus.drms.settings import DrmsSettings
from scibus.runtime import WorkerSettings

ROOT = Path(__file__).parents[1]
PART = re.compile(r"(<!-- generated: (\w+) ?(\S*) -->\n).*?(<!-- end -->)", re.DOTALL)
SETTINGS: dict[str, type[BaseSettings]] = {"worker": WorkerSettings, "drms": DrmsSettings}


def operations(_argument: str) -> Iterator[str]:
    """A table of all operations."""
    yield "| subject | asks | answers | what for |"
    yield "| --- | --- | --- | --- |"
    for service in SERVICES:
        for op in service.operations():
            answer = "table (JSON or Arrow)" if op.answers_table else f"`{op.answer_model.__name__}`"
            subject = op.job_subject if isinstance(op, JobOperation) else op.subject
            yield f"| `{subject}` | `{op.model.__name__}` | {answer} | {op.summary} |"


def settings(argument: str) -> Iterator[str]:
    """A table of the settings of a worker."""
    model = SETTINGS[argument]
    prefix = str(model.model_config.get("env_prefix"))
    yield "| variable | default | meaning |"
    yield "| --- | --- | --- |"
    for name, field in model.model_fields.items():
        default = "" if field.default in (None, []) else f"`{field.default}`"
        yield f"| `{prefix}{name.upper()}` | {default} | {field.description or ''} |"


def example(argument: str) -> Iterator[str]:
    """A Python file as it stands."""
    yield "```python"
    yield (ROOT / argument).read_text(encoding="utf-8").rstrip()
    yield "```"


PARTS: dict[str, Callable[[str], Iterator[str]]] = {"operations": operations, "settings": settings, "example": example}


def generated(text: str) -> str:
    """`text` with all its generated parts as they should be."""
    return PART.sub(lambda part: part[1] + "\n".join(PARTS[part[2]](part[3])) + "\n" + part[4], text)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(generated(readme.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{readme.relative_to(ROOT)} is up to date\n")
