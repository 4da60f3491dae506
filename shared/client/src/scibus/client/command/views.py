"""Answers as the command shows them: rows in batches, one JSON document, or Arrow."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import to_json

from scibus.bus.tables import JsonTable, to_body
from scibus.contracts.model import Contract
from scibus.contracts.tables import Table

if TYPE_CHECKING:
    import pyarrow

Row = dict[str, Any]
BATCH = 4096
"""Rows that become Python objects at once."""


class View(Protocol):
    """Something that can be shown in every form, in bounded memory where it is large."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""

    def batches(self) -> Iterator[Sequence[Row]]:
        """The rows, some at a time; may be asked for more than once."""

    def json(self) -> Iterator[bytes]:
        """Pieces of one JSON document."""

    def arrow(self) -> "pyarrow.Table":
        """The rows as Arrow."""


class RowsView:
    """Rows that are at hand, and the document that they come from.

    Args:
        rows: may differ in their columns.
        document: in JSON.
        columns: that are there also when no row is.
    """

    def __init__(self, rows: Sequence[Row], document: bytes, columns: Sequence[str] = ()) -> None:
        self._rows = rows
        self._document = document
        self._columns = columns

    @property
    def columns(self) -> list[str]:
        """Every name that a row has, in order of appearance."""
        return list(dict.fromkeys([*self._columns, *(name for row in self._rows for name in row)]))

    def batches(self) -> Iterator[Sequence[Row]]:
        """All rows."""
        yield self._rows

    def json(self) -> Iterator[bytes]:
        """The document."""
        yield self._document

    def arrow(self) -> "pyarrow.Table":
        """The rows, with the types that their values suggest."""
        import pyarrow

        return pyarrow.table({name: [row.get(name) for row in self._rows] for name in self.columns})


class ArrowView:
    """A table that may be large: taken apart batch by batch."""

    def __init__(self, table: "pyarrow.Table") -> None:
        self._table = table

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._table.column_names)

    def batches(self) -> Iterator[Sequence[Row]]:
        """The rows, `BATCH` at a time; one empty batch when there are none."""
        if not self._table.num_rows:
            yield []
        for batch in self._table.to_batches(max_chunksize=BATCH):
            yield batch.to_pylist()

    def json(self) -> Iterator[bytes]:
        """The table as `TableBody`, column by column."""
        head = to_body(self._table.slice(0, 0))
        yield b'{"count":%d,"index":%s,"columns":[' % (self._table.num_rows, json.dumps(head.index).encode())
        for i, column in enumerate(head.columns):
            told = column.model_dump_json(exclude={"values"}).encode()
            yield (b",\n" if i else b"\n") + told[:-1] + b',"values":['
            yield from self._values(i)
            yield b"]}"
        yield b"]}"

    def arrow(self) -> "pyarrow.Table":
        """The table itself."""
        return self._table

    def _values(self, i: int) -> Iterator[bytes]:
        values = self._table.column(i)
        for start in range(0, len(values), BATCH):
            written = to_json(values.slice(start, BATCH).to_pylist(), inf_nan_mode="null")[1:-1]
            yield b"," + written if start else written


def view_of(answer: Contract | Table) -> View:
    """The answer of an operation, ready to be shown."""
    if isinstance(answer, Contract):
        return RowsView(answer.rows(), answer.model_dump_json(indent=2).encode())
    if isinstance(answer, JsonTable):
        return RowsView(answer.rows(), answer.body.model_dump_json().encode())
    return ArrowView(answer.to_arrow())
