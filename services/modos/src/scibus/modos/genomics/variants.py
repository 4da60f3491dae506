"""Variants as rows, out of their lines: what stands there is exact, and typed by what the header says."""

import json
import math
from typing import Any

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("chrom", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("id", pa.string()),
        ("ref", pa.string()),
        ("alt", pa.list_(pa.string())),
        ("qual", pa.float64()),
        ("filter", pa.list_(pa.string())),
        ("info", pa.string()),
        ("samples", pa.string()),
    ],
    metadata={"positions": "0-based, half-open: POS is start + 1", "info": "JSON", "samples": "JSON"},
)

to_json = json.JSONEncoder(separators=(",", ":")).encode


class VariantRows:
    """Rows of a file with that header."""

    def __init__(self, header: Any) -> None:
        self._info = {name: (found.type, found.number) for name, found in header.info.items()}
        self._formats = {name: (found.type, found.number) for name, found in header.formats.items()}
        self._samples = list(header.samples)

    def row(self, record: Any) -> tuple[tuple[Any, ...], int]:
        """The row of a variant, and about how many bytes it has. What the file leaves open is null."""
        line = str(record).rstrip("\n")
        chrom, _, name, ref, alt, qual, filters, info, *calls = line.split("\t")
        cells = (
            chrom,
            record.start,
            max(record.stop, record.start + 1),
            None if name == "." else name,
            ref,
            [] if alt == "." else alt.split(","),
            None if qual == "." else _float(qual),
            [] if filters == "." else filters.split(";"),
            to_json(self._informed(info)),
            to_json(self._called(calls)),
        )
        return cells, 100 + 2 * len(line)

    def _informed(self, text: str) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for item in text.split(";") if text != "." else ():
            name, is_valued, value = item.partition("=")
            told[name] = _typed(value, self._info.get(name)) if is_valued else True
        return told

    def _called(self, calls: list[str]) -> dict[str, dict[str, Any]]:
        keys = calls[0].split(":") if calls else []
        # What a sample leaves out at the end is missing too.
        return {
            sample: {
                key: _typed(value, self._formats.get(key)) for key, value in zip(keys, call.split(":"), strict=False)
            }
            for sample, call in zip(self._samples, calls[1:], strict=True)
        }


def _typed(text: str, declared: tuple[str, Any] | None) -> Any:
    kind, number = declared or ("String", 1)
    convert = {"Integer": _integer, "Float": _float}.get(kind, _text)
    if number == 1:
        return convert(text)
    return [convert(one) for one in text.split(",")]


def _text(text: str) -> str | None:
    return None if text == "." else text


def _integer(text: str) -> int | None:
    return None if text == "." else int(text)


def _float(text: str) -> float | None:
    value = math.nan if text == "." else float(text)
    return value if math.isfinite(value) else None
