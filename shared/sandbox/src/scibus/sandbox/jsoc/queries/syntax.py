"""How a record-set query is cut into its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .errors import InvalidRecordSet

QUERY_LIMIT = 8192
SERIES_NAME = re.compile(r"\s*([A-Za-z_]\w*(?:\.\w+)*)\s*")


@dataclass
class Subset:
    """One of the comma-joined parts of a query.

    Attributes:
        filters: texts between brackets, one for each prime key in order.
        conditions: texts between `[?` and `?]`.
        segments: names between braces, None without braces.
    """

    series: str
    filters: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    segments: list[str] | None = None


def parse_record_set(query: str) -> list[Subset]:
    """The parts of `query`.

    Raises:
        InvalidRecordSet: it has none, or they are not written as record sets are.
    """
    if len(query) > QUERY_LIMIT:
        raise InvalidRecordSet(query)
    subsets = []
    position = 0
    while True:
        subset, position = _subset(query, position)
        subsets.append(subset)
        if position == len(query):
            return subsets
        if query[position] != ",":
            raise InvalidRecordSet(query)
        position += 1


def _subset(query: str, position: int) -> tuple[Subset, int]:
    name = SERIES_NAME.match(query, position)
    if name is None:
        raise InvalidRecordSet(query)
    subset = Subset(name[1])
    position = name.end()
    while query.startswith("[", position):
        position = _filter(query, position, subset)
    if query.startswith("{", position):
        end = _find(query, "}", position)
        subset.segments = [segment.strip() for segment in query[position + 1 : end].split(",")]
        position = _skip_blanks(query, end + 1)
    return subset, position


def _filter(query: str, position: int, subset: Subset) -> int:
    mark = query[position + 1 : position + 2]
    if mark in ("?", "!"):
        end = _find(query, f"{mark}]", position + 2)
        subset.conditions.append(query[position + 2 : end].strip())
        return _skip_blanks(query, end + 2)
    end = _find(query, "]", position)
    subset.filters.append(query[position + 1 : end].strip())
    return _skip_blanks(query, end + 1)


def _find(query: str, text: str, position: int) -> int:
    found = query.find(text, position)
    if found < 0:
        raise InvalidRecordSet(query)
    return found


def _skip_blanks(query: str, position: int) -> int:
    while position < len(query) and query[position].isspace():
        position += 1
    return position
