"""JSON as JSOC's own printer writes it: latin-1, `/` escaped, members in the order given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

Json = object


class Members(list[tuple[str, Json]]):
    """An object whose members may occur twice."""


def compact(document: Json) -> bytes:
    """`document` in one line."""
    return _octets(_compact(document) + "\n")


def pretty(document: Json) -> bytes:
    """`document` indented by tabs, with a line break after every comma, also within arrays."""
    return _octets(_pretty(document, 0) + "\n")


def _octets(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _compact(document: Json) -> str:
    if isinstance(document, Mapping | Members):
        return "{" + ",".join(f"{_scalar(name)}:{_compact(value)}" for name, value in _members(document)) + "}"
    if isinstance(document, list | tuple):
        return "[" + ",".join(map(_compact, document)) + "]"
    return _scalar(document)


def _pretty(document: Json, depth: int) -> str:
    if isinstance(document, Mapping | Members):
        indent = "\t" * (depth + 1)
        members = (f"{indent}{_scalar(name)}: {_pretty(value, depth + 1)}" for name, value in _members(document))
        return "{\n" + ",\n".join(members) + "\n" + "\t" * depth + "}"
    if isinstance(document, list | tuple):
        return "[" + (",\n" + "\t" * depth).join(_pretty(value, depth) for value in document) + "]"
    return _scalar(document)


def _members(document: Json) -> Sequence[tuple[str, Json]]:
    if isinstance(document, Members):
        return document
    return list(cast("Mapping[str, Json]", document).items())


def _scalar(value: Json) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return json.dumps(value, ensure_ascii=False).replace("/", "\\/")
