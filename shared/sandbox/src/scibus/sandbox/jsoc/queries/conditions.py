"""The conditions of `[? ... ?]`, a small part of SQL: comparisons of keywords joined by AND.

As AND is all that joins them, parentheses change nothing.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from scibus.sandbox.jsoc.archive.keywords import Keyword, Value
from scibus.sandbox.jsoc.archive.quality import image_exists, quality
from scibus.sandbox.jsoc.archive.series import Series

from .errors import QueryFailed

Condition = Callable[[int], bool]
Sign = Callable[[Any, Any], bool]

QUOTES = "'\""
AND = re.compile(r"\s+and\s+", re.IGNORECASE)
IMAGE_EXISTS = re.compile(r"[\s(]*drms\.image_exists\(\s*quality\s*\)[\s)]*", re.IGNORECASE)
COMPARISON = re.compile(
    r"[\s(]*(?P<name>\w+)\s*(?P<sign><=|>=|<>|!=|=|<|>)\s*(?P<value>-?\d+(?:\.\d*)?|'[^']*'|\"[^\"]*\")[\s)]*"
)
SIGNS: dict[str, Sign] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
}


def fulfilling(series: Series, conditions: Iterable[str], ordinals: Iterable[int]) -> list[int]:
    """Those of `ordinals` whose records fulfil all `conditions`.

    Raises:
        QueryFailed: a condition is not understood or names no keyword.
    """
    tests = [_condition(series, part) for text in conditions for part in AND.split(text)]
    for test in tests:
        ordinals = filter(test, ordinals)
    return list(ordinals)


def _condition(series: Series, text: str) -> Condition:
    if IMAGE_EXISTS.fullmatch(text):
        return image_exists
    match = COMPARISON.fullmatch(text)
    if match is None:
        raise QueryFailed(f'ERROR:  syntax error at or near "{text}"\n')
    keyword = series.keyword(match["name"])
    if keyword is None:
        raise QueryFailed(f'ERROR:  column "{match["name"].lower()}" does not exist\n')
    return _comparison(series, keyword, SIGNS[match["sign"]], match["value"])


def _comparison(series: Series, keyword: Keyword, sign: Sign, text: str) -> Condition:
    number = text[0] not in QUOTES
    if number != (keyword.type not in ("string", "time")):
        raise QueryFailed(f"ERROR:  operator does not exist: {keyword.type} {text}\n")
    wanted = float(text) if number else text.strip(QUOTES)
    if keyword.name == "QUALITY":
        return lambda ordinal: sign(quality(ordinal), wanted)
    return partial(_compares, series, keyword, sign, wanted)


def _compares(series: Series, keyword: Keyword, sign: Sign, wanted: float | str, ordinal: int) -> bool:
    value: Value = keyword.of(series.record(ordinal))
    return value is not None and sign(value, wanted)
