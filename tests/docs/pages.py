"""What stands on the pages to be typed and run."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs"
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\b.*?^```", re.DOTALL | re.MULTILINE)
EXAMPLE = re.compile(r"<!-- generated: (?:example|titled) (\S+\.py) -->.*?<!-- end -->", re.DOTALL)
INSTALLED = "docs/examples/telescope/"
"""What the tests of the example install and run."""
ANYTHING = "…"


@dataclass(frozen=True)
class Command:
    """A command and what it prints; `…` stands for anything."""

    line: str
    printed: str

    def printed_by(self, output: str) -> bool:
        """Whether `output` is what the page shows, but for the width of columns."""
        return re.fullmatch("".join(map(_pattern, _bare(self.printed))), "".join(_bare(output))) is not None


@dataclass(frozen=True)
class Block:
    """Commands that stand together."""

    commands: list[Command]

    @property
    def is_program(self) -> bool:
        """Whether it begins with a Python program."""
        return self.commands[0].line.startswith("python ")

    @property
    def kills(self) -> bool:
        """Whether it ends a process that others need."""
        return any(command.line.startswith("pkill ") for command in self.commands)


def blocks_of(page: str) -> list[Block]:
    """What a reader of `page` types, in order."""
    return [Block(_commands(content)) for content in CONSOLE.findall((FOLDER / page).read_text(encoding="utf-8"))]


def pages_with_blocks() -> list[str]:
    """The pages on which something is typed."""
    return [page.name for page in sorted(FOLDER.glob("*.md")) if blocks_of(page.name)]


def unrun_programs(page: str) -> list[str]:
    """Files of Python that `page` shows and runs nowhere, and Python that stands in no file."""
    text = (FOLDER / page).read_text(encoding="utf-8")
    typed = {word for block in blocks_of(page) for command in block.commands for word in command.line.split()}
    shown = EXAMPLE.findall(text)
    loose = PYTHON.findall(EXAMPLE.sub("", text))
    return [file for file in shown if file not in typed and not file.startswith(INSTALLED)] + loose


def _commands(content: str) -> list[Command]:
    return [
        Command(line, printed) for line, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", content, re.MULTILINE)
    ]


def _bare(text: str) -> list[str]:
    """The lines of `text` without what depends on how wide a table happens to be."""
    return [re.sub(r" +", " ", re.sub("─+", "─", line)).rstrip() + "\n" for line in text.strip().splitlines()]


def _pattern(line: str) -> str:
    """What lines match `line`: any number of them, where it says nothing else than that there may be some."""
    if line.strip() == ANYTHING:
        return r"(?:.*\n)*?"
    return ".*?".join(map(re.escape, line.split(ANYTHING)))
