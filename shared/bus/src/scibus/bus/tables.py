"""Tables in Python: Arrow where pyarrow is installed, plain columns where it is not."""

import asyncio
import math
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scibus.contracts.problems import BadBackendAnswer
from scibus.contracts.tables import Table, TableBody, TableColumn

if TYPE_CHECKING:
    import pyarrow as pa

INDEX = b"scibus.index"


class JsonTable(Table):
    """A table that came as JSON."""

    def __init__(self, body: TableBody) -> None:
        self.body = body

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.body.columns]

    def __len__(self) -> int:
        return self.body.count

    def rows(self) -> list[dict[str, Any]]:
        """The rows, each a dictionary by column name."""
        columns = [(column.name, _python_values(column)) for column in self.body.columns]
        return [{name: values[i] for name, values in columns} for i in range(self.body.count)]

    def to_arrow(self) -> "pa.Table":
        """The table as Arrow; the types are those that the worker told."""
        import pyarrow as pa

        fields = [_field(pa, column) for column in self.body.columns]
        arrays = [_array(pa, column, field) for column, field in zip(self.body.columns, fields, strict=True)]
        metadata = {INDEX: self.body.index.encode()} if self.body.index else None
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))


class ArrowTable(Table):
    """A table held as Arrow."""

    def __init__(self, arrow: "pa.Table") -> None:
        self._arrow = arrow

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self._arrow.column_names)

    def __len__(self) -> int:
        return int(self._arrow.num_rows)

    def rows(self) -> list[dict[str, Any]]:
        """The rows, each a dictionary by column name."""
        rows: list[dict[str, Any]] = self._arrow.to_pylist()
        return rows

    def to_arrow(self) -> "pa.Table":
        """The table itself."""
        return self._arrow

    @classmethod
    def from_stream(cls, data: bytes) -> "ArrowTable":
        """The table in an Arrow stream; its columns point into `data`.

        Raises:
            BadBackendAnswer: `data` is no Arrow stream.
        """
        import pyarrow as pa

        try:
            return cls(pa.ipc.open_stream(pa.py_buffer(data)).read_all())
        except pa.ArrowInvalid as error:
            raise BadBackendAnswer(f"the answer is no Arrow stream: {error}") from error

    @classmethod
    def from_file(cls, path: Path) -> "ArrowTable":
        """The table in the Arrow stream that `path` holds, mapped into memory instead of read."""
        import pyarrow as pa

        with pa.memory_map(str(path)) as source:
            return cls(pa.ipc.open_stream(source).read_all())


class StreamedTable(Table):
    """A table as it is made: a schema, then record batches. It can be written once, in bounded memory."""

    def __init__(self, schema: "pa.Schema", batches: AsyncIterable["pa.RecordBatch"]) -> None:
        self.schema = schema
        self.batches = batches

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self.schema.names)

    def __len__(self) -> int:
        raise TypeError("a table that is still being made has no length")

    def rows(self) -> list[dict[str, Any]]:
        """Not before all of it was made."""
        raise TypeError("a table that is still being made has no rows")

    def to_arrow(self) -> "pa.Table":
        """Not before all of it was made."""
        raise TypeError("a table that is still being made cannot be held")

    async def stream(self) -> AsyncIterator[bytes]:
        """The table as one Arrow stream, a record batch at a time."""
        import pyarrow as pa

        sink = _Sink()
        with pa.ipc.new_stream(sink, self.schema) as writer:
            async for batch in self.batches:
                await asyncio.to_thread(writer.write_batch, batch)
                yield sink.take()
        yield sink.take()


class _Sink:
    """A file that hands on what was written to it."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What was written is still to be taken."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


def to_body(arrow: "pa.Table") -> TableBody:
    """`arrow` as the JSON form of a table."""
    metadata: Mapping[bytes, bytes] = arrow.schema.metadata or {}
    index = metadata.get(INDEX)
    columns = [
        TableColumn(
            name=field.name,
            type=str(field.type),
            units=_told(field, b"units"),
            note=_told(field, b"note"),
            values=[_json_value(value) for value in arrow.column(i).to_pylist()],
        )
        for i, field in enumerate(arrow.schema)
    ]
    return TableBody(count=arrow.num_rows, columns=columns, index=index.decode() if index else None)


def _python_values(column: TableColumn) -> list[Any]:
    """The values as `rows` of an Arrow table has them: times and numbers that JSON writes as text."""
    if column.type.startswith("timestamp"):
        return [None if value is None else datetime.fromisoformat(value) for value in column.values]
    if column.type in ("float", "double"):
        return [None if value is None else float(value) for value in column.values]
    return column.values


def _json_value(value: Any) -> Any:
    """JSON has no such numbers as NaN, and null means that there is no value."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def to_stream(arrow: "pa.Table") -> bytes:
    """`arrow` as one Arrow stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream


def has_arrow() -> bool:
    """Whether pyarrow is installed."""
    with suppress(ImportError):
        import pyarrow as pa

        return bool(pa.__version__)
    return False


def _told(field: "pa.Field", name: bytes) -> str | None:
    text = (field.metadata or {}).get(name)
    return text.decode() if text else None


def _field(pa: Any, column: TableColumn) -> "pa.Field":
    told = {name: text for name, text in (("units", column.units), ("note", column.note)) if text}
    arrow_type = pa.timestamp("us", "UTC") if column.type.startswith("timestamp") else pa.type_for_alias(column.type)
    return pa.field(column.name, arrow_type, metadata=told or None)


def _array(pa: Any, column: TableColumn, field: "pa.Field") -> Any:
    if pa.types.is_timestamp(field.type):
        return pa.array(column.values, type=pa.string()).cast(field.type)
    if pa.types.is_floating(field.type):
        return pa.array([None if value is None else float(value) for value in column.values], type=field.type)
    return pa.array(column.values, type=field.type)
