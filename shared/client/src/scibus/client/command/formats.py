"""Writers of what a command shows: a table for people, JSON, CSV, an Arrow stream."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from numbers import Number
from typing import Any, BinaryIO, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scibus.client.command.exits import visible
from scibus.client.command.views import View

WIDEST = 1_000_000
"""Characters of a line in a file or a pipe, where nothing may be cut."""
NARROWEST_COLUMN = 8
GAP = 3
"""Characters between two columns."""


def write_json(view: View, file: BinaryIO) -> None:
    """One JSON document and a line break."""
    file.writelines(view.json())
    file.write(b"\n")


def write_csv(view: View, file: BinaryIO) -> None:
    """A header and the rows, as RFC 4180 says but for the line ends, which are those of Unix."""
    with _text(file) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(view.columns)
        for rows in view.batches():
            writer.writerows([_cell(row.get(name)) for name in view.columns] for row in rows)


def write_arrow(view: View, file: BinaryIO) -> None:
    """An Arrow stream."""
    import pyarrow

    table = view.arrow()
    with pyarrow.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=65536)


def write_table(view: View, file: BinaryIO, *, terminal: bool) -> None:
    """A table for people. A terminal folds what is too wide for it; nothing is cut anywhere."""
    layout = _Layout(view)
    with _text(file) as text:
        console = Console(file=text, force_terminal=terminal or None, width=None if terminal else WIDEST)
        room = max(console.width, len(layout.widths) * (NARROWEST_COLUMN + GAP))
        for i, rows in enumerate(view.batches()):
            table = layout.table(room, first=i == 0)
            for row in rows:
                table.add_row(*(Text(_seen(row.get(name))) for name in layout.columns))
            console.print(table, width=min(room, layout.total), soft_wrap=room > console.width)


class _Layout:
    """One look for all batches: the widths and alignments that the whole view asks for."""

    def __init__(self, view: View) -> None:
        self.columns = view.columns
        self.widths = [cell_len(visible(name)) for name in self.columns]
        numeric = [True] * len(self.columns)
        for rows in view.batches():
            for i, name in enumerate(self.columns):
                values = [row.get(name) for row in rows]
                self.widths[i] = max([self.widths[i], *(cell_len(_seen(value)) for value in values)])
                numeric[i] = numeric[i] and all(isinstance(value, Number | None) for value in values)
        self.total = sum(self.widths) + GAP * (len(self.widths) - 1)
        self._numeric = numeric

    def table(self, room: int, *, first: bool) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_header=first, show_edge=False, pad_edge=False)
        for name, width, numeric in zip(self.columns, self.widths, self._numeric, strict=True):
            table.add_column(
                Text(visible(name)),
                min_width=width if self.total <= room else None,
                overflow="fold",
                justify="right" if numeric else "left",
            )
        return table


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value, default=str, ensure_ascii=False)
        case _:
            return str(value)


def _seen(value: Any) -> str:
    return visible(_cell(value))


@contextmanager
def _text(file: BinaryIO) -> Iterator[TextIO]:
    text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="", write_through=False)
    try:
        yield text
        text.flush()
    finally:
        # `file` belongs to the caller, and closing the wrapper would close it too.
        text.detach()
