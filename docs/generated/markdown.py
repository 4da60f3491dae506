"""What generated parts are made of: tables, and texts that are safe in them."""

from collections.abc import Iterable, Iterator

Lines = Iterator[str]


def table(heads: str, rows: Iterable[Iterable[str]]) -> Lines:
    """A table with `heads`, which are separated by `|`."""
    names = [name.strip() for name in heads.split("|")]
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(cell(text) for text in row)} |"


def cell(text: str) -> str:
    """`text` for a cell: on one line, and with nothing in it that is read as more than text, but for code and links."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    return "`".join(part if i % 2 else part.replace("*", "\\*").replace("<", "&lt;") for i, part in enumerate(parts))


def code(text: object) -> str:
    """`text` as code; nothing where there is none."""
    return f"`{text}`" if text not in (None, "") else ""


def sentence(text: str) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(text.strip().partition("\n\n")[0].split())
