"""Records as an Arrow stream. Everything here blocks."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from scibus.modos.genomics import alignments
from scibus.modos.genomics.reading import BROKEN, Selection, opened, selected, unreadable
from scibus.modos.genomics.variants import SCHEMA as VARIANTS
from scibus.modos.genomics.variants import VariantRows

ROWS = 2_000
BATCH_BYTES = 4 * 1024 * 1024
"""Where rows are long, a batch has fewer of them."""


def write_table(selection: Selection, source: int, target: int) -> int:
    """Write the records that come through `source` to `target`, and return how many they were."""
    count = 0
    with opened(selection, source) as file, os.fdopen(os.dup(target), "wb") as sink:
        schema = alignments.SCHEMA if selection.has_alignments else VARIANTS
        to_row = alignments.row if selection.has_alignments else VariantRows(file.header).row
        with pa.ipc.new_stream(sink, schema) as stream:
            for batch in _batches(selection, file, schema, to_row):
                stream.write_batch(batch)
                count += batch.num_rows
    return count


def _batches(
    selection: Selection, file: Any, schema: Any, to_row: Callable[[Any], tuple[tuple[Any, ...], int]]
) -> Iterator[Any]:
    rows: list[tuple[Any, ...]] = []
    size = 0
    for record in selected(selection, file):
        try:
            row, length = to_row(record)
        except BROKEN as error:
            raise unreadable(selection) from error
        rows.append(row)
        size += length
        if len(rows) >= ROWS or size >= BATCH_BYTES:
            yield _batch(rows, schema)
            rows, size = [], 0
    if rows:
        yield _batch(rows, schema)


def _batch(rows: list[tuple[Any, ...]], schema: Any) -> Any:
    columns = zip(*rows, strict=True)
    return pa.record_batch([pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)], schema=schema)
