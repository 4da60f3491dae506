"""What the text between two brackets chooses of a prime key's values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scibus.sandbox.jsoc.archive.axes import Axis, Integers, Names, SlottedTimes, Times
from scibus.sandbox.jsoc.archive.times import TIME, time_from_match

from .errors import InvalidRecordSet

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"(\d+(?:\.\d*)?)([smhd])")
INTEGERS = re.compile(r"(-?\d+|\^|\$)(?:\s*-\s*(-?\d+|\$))?")


def chosen(axis: Axis, text: str) -> Sequence[int]:
    """The numbers of the values that `text` chooses, in ascending order.

    Raises:
        InvalidRecordSet: `text` is no filter for values of this kind.
    """
    if not text:
        return range(len(axis))
    choices = [_choice(axis, part.strip()) for part in text.split(",")]
    if len(choices) == 1:
        return choices[0]
    return sorted(set().union(*choices))


def _choice(axis: Axis, text: str) -> range:
    if not len(axis):
        return range(0)
    if isinstance(axis, SlottedTimes):
        return _slots(axis, text)
    if isinstance(axis, Times):
        return _times(axis, text)
    if isinstance(axis, Integers):
        return _integers(axis, text)
    return _names(axis, text)


def _slots(axis: SlottedTimes, text: str) -> range:
    text, every = _cadence(axis, text)
    if not text:
        return range(0, len(axis), every)
    start, rest = _time(axis, text)
    first = axis.slot(start)
    if not rest:
        return axis.slots(first, first + 1)
    if rest.startswith("/"):
        return axis.slots(first, max(first + 1, axis.slot(start + _duration(rest[1:]))), every)
    return axis.slots(first, axis.slot(_range_end(axis, rest)) + 1, every)


def _times(axis: Times, text: str) -> range:
    start, rest = _time(axis, text)
    if not rest:
        return axis.at(start)
    if rest.startswith("/"):
        return axis.until(start, start + _duration(rest[1:]))
    return axis.between(start, _range_end(axis, rest))


def _integers(axis: Integers, text: str) -> range:
    match = INTEGERS.fullmatch(text)
    if match is None:
        raise InvalidRecordSet(text)
    first, last = (_integer(axis, part) for part in (match[1], match[2] or match[1]))
    return axis.between(first, last)


def _integer(axis: Integers, text: str) -> int:
    if text in "^$":
        return axis[0 if text == "^" else -1]
    return int(text)


def _names(axis: Names, text: str) -> range:
    if text in ("^", "$"):
        return axis.at(axis[0 if text == "^" else -1])
    return axis.at(text.strip("'\""))


def _cadence(axis: SlottedTimes, text: str) -> tuple[str, int]:
    text, at, cadence = text.partition("@")
    return text.strip(), max(1, round(_duration(cadence) / axis.step)) if at else 1


def _time(axis: SlottedTimes | Times, text: str) -> tuple[float, str]:
    """The time at the start of `text` and what follows it."""
    if text[:1] in ("^", "$"):
        return axis[0 if text[0] == "^" else -1], text[1:].strip()
    match = TIME.match(text)
    if match is None:
        raise InvalidRecordSet(text)
    try:
        return time_from_match(match), text[match.end() :].strip()
    except ValueError:
        raise InvalidRecordSet(text) from None


def _range_end(axis: SlottedTimes | Times, text: str) -> float:
    if not text.startswith("-"):
        raise InvalidRecordSet(text)
    end, rest = _time(axis, text[1:].strip())
    if rest:
        raise InvalidRecordSet(text)
    return end


def _duration(text: str) -> float:
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise InvalidRecordSet(text)
    return float(match[1]) * SECONDS[match[2]]
