"""Reads as rows."""

import json
import math
from typing import Any

import pyarrow as pa

from scibus.modos.genomics.reading import alignment_end

SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("flag", pa.uint16()),
        ("reference", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("mapq", pa.uint8()),
        ("cigar", pa.string()),
        ("mate_reference", pa.string()),
        ("mate_start", pa.int64()),
        ("template_length", pa.int64()),
        ("sequence", pa.string()),
        ("qualities", pa.string()),
        ("tags", pa.string()),
    ],
    metadata={"positions": "0-based, half-open", "qualities": "Phred, as in FASTQ (+33)", "tags": "JSON"},
)
to_json = json.JSONEncoder(separators=(",", ":")).encode
TO_TEXT = bytes(min(quality + 33, 126) for quality in range(256))


def row(read: Any) -> tuple[tuple[Any, ...], int]:
    """The row of a read, and about how many bytes it has. What the file leaves open is null."""
    start = read.reference_start
    is_placed = read.reference_id >= 0 and start >= 0
    qualities = read.query_qualities
    as_text = None if qualities is None else bytes(qualities).translate(TO_TEXT).decode("ascii")
    sequence = read.query_sequence
    tags = to_json({name: _plain(value) for name, value in read.get_tags()})
    cells = (
        read.query_name,
        read.flag,
        read.reference_name,
        start if is_placed else None,
        alignment_end(read) if is_placed else None,
        read.mapping_quality,
        read.cigarstring,
        read.next_reference_name,
        read.next_reference_start if read.next_reference_start >= 0 else None,
        read.template_length,
        sequence,
        as_text,
        tags,
    )
    return cells, 100 + 2 * len(sequence or "") + len(tags) + len(read.cigarstring or "")


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return [_plain(one) for one in value]
