"""Record set queries, taken apart as far as it needs to split one by time.

A query names a series, then filters in brackets: one per prime key in order, or conditions on keywords.
"""

import re
from dataclasses import dataclass, replace
from typing import Self

from scibus.contracts.drms import SeriesStructure
from scibus.contracts.problems import TooLarge
from scibus.drms.times import SECOND, TIME, instant, leaps_between, parse_time, tai_text

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd])", re.IGNORECASE)
_SERIES = re.compile(r"[\w.]+\s*")
_BRACKET = re.compile(r"\s*\[(?:(\s*\?.*?\?)\]|(\s*!.*?!)\]|([^\]]*)\])", re.DOTALL)
_SEGMENTS = re.compile(r"\{[^}]*\}")
CONDITIONS = ("?", "!")


@dataclass(frozen=True)
class Window:
    """A range of times, both ends included, every `unit` microseconds.

    `sampled` when the query itself says how often. Not `zoned` when it names no time zone: then neither does the
    window, so that the server reads both alike.
    """

    first: int
    last: int
    unit: int
    sampled: bool = False
    zoned: bool = True

    @property
    def slots(self) -> int:
        """Number of times in the range, present in the archive or not."""
        return max((self.last - self.first) // self.unit + 1, 0)

    def split(self, parts: int) -> list[Self]:
        """The range in up to `parts` pieces that touch but do not overlap, in order.

        The archive rounds times to slots. All inner ends are whole steps away from the first one, and the last one
        stays as it is, so that each is rounded as in the undivided range.
        """
        step = max(-(-self.slots // max(parts, 1)), 1) * self.unit
        starts = range(self.first, self.last + 1, step)
        lasts = [start - self.unit for start in starts[1:]] + [self.last]
        return [replace(self, first=first, last=last) for first, last in zip(starts, lasts, strict=True)]

    def __str__(self) -> str:
        cadence = f"@{self.unit / SECOND:g}s" if self.sampled else ""
        ends = f"{tai_text(self.first)}-{tai_text(self.last)}"
        return (ends if self.zoned else ends.replace("_TAI", "")) + cadence


@dataclass(frozen=True)
class SplittableSet:
    """A record set whose time filter can be replaced by narrower ones.

    Attributes:
        time: name of the prime key that the filter is for.
        position: its place among the prime keys; 0 when records are in order of time.
        step: microseconds between its slots.
        windows: the times that the query names, in order; none when it names none.
    """

    head: str
    tail: str
    time: str
    position: int
    step: int
    windows: tuple[Window, ...]

    def within(self, window: Window) -> str:
        """The part of the record set that lies in `window`."""
        return f"{self.head}[{window}]{self.tail}"

    def between(self, first: str, last: str) -> Self:
        """The same set, from one time to another, for a query that names none.

        Raises:
            TooLarge: these are no times.
        """
        try:
            ends = sorted((parse_time(first), parse_time(last)))
        except ValueError as error:
            raise unsplittable("the times of its first and last record are not known") from error
        return replace(self, windows=(Window(ends[0], ends[1], self.step),))


def splittable(ds: str, structure: SeriesStructure) -> SplittableSet:
    """`ds` as ranges of its slotted time prime key.

    Raises:
        TooLarge: it cannot be split: the series has no such key, or `ds` does not name ranges of it.
    """
    types = {keyword.name.lower(): keyword.type for keyword in structure.keywords}
    for position, key in enumerate(structure.primekeysinfo):
        if key.slotted and key.step and types.get(key.name.lower()) == "time":
            return _split_at(ds, key.name, position, round(key.step * SECOND))
    raise unsplittable("its series has no slotted time among its prime keys")


def unsplittable(reason: str) -> TooLarge:
    """The problem of a large record set that cannot be split."""
    return TooLarge(
        f"the record set has more records than one answer holds and cannot be split by time, since {reason}: narrow it"
    )


def _split_at(ds: str, time: str, position: int, step: int) -> SplittableSet:
    series, brackets, segments = _take_apart(ds)
    keys = [content for content in brackets if content.lstrip()[:1] not in CONDITIONS]
    conditions = [content for content in brackets if content.lstrip()[:1] in CONDITIONS]
    if any("=" in key or key.lstrip().startswith(":") for key in keys):
        raise unsplittable("it names its prime keys, or records by number")
    keys += [""] * (position + 1 - len(keys))
    head = series + "".join(f"[{key}]" for key in keys[:position])
    rest = "".join(f"[{content}]" for content in keys[position + 1 :] + conditions)
    return SplittableSet(head, rest + segments, time, position, step, _windows(keys[position], step))


def _take_apart(ds: str) -> tuple[str, list[str], str]:
    """Series, contents of the brackets, and the list of segments. A condition ends with its own mark and a bracket."""
    text = ds.strip()
    series = _SERIES.match(text)
    if series is None:
        raise unsplittable("it does not begin with the name of a series")
    brackets, end = [], series.end()
    while bracket := _BRACKET.match(text, end):
        brackets.append(next(content for content in bracket.groups() if content is not None))
        end = bracket.end()
    segments = text[end:].strip()
    if segments and not _SEGMENTS.fullmatch(segments):
        raise unsplittable("it is more than one series with filters")
    return series[0].strip(), brackets, segments


def _windows(filter_text: str, step: int) -> tuple[Window, ...]:
    """Ranges of a time filter, in order and without overlap, as the archive returns them; none for an empty filter."""
    items = [item.strip() for item in filter_text.split(",") if item.strip()]
    merged: list[Window] = []
    for window in sorted((_window(item, step) for item in items), key=lambda window: window.first):
        if not merged or window.first - merged[-1].last >= window.unit:
            merged.append(window)
        elif window.sampled or merged[-1].sampled or window.zoned != merged[-1].zoned:
            raise unsplittable("its ranges overlap")
        else:
            merged[-1] = replace(merged[-1], last=max(merged[-1].last, window.last))
    return tuple(merged)


def _window(item: str, step: int) -> Window:
    span, _, cadence = item.partition("@")
    unit = _span(cadence) if cadence else step
    if unit <= 0 or unit % step:
        raise unsplittable("its cadence is no multiple of the series' step")
    found = TIME.match(span)
    if found is None:
        raise unsplittable(f"{item[:80]!r} is no range of times")
    try:
        first, last = _ends(found, span, step)
        tai_text(last)
    except (ValueError, OverflowError) as error:
        raise unsplittable(f"{item[:80]!r} is no range of times ({error})") from error
    zoned = found["zone"] is not None
    if last < first:
        raise unsplittable(f"{item[:80]!r} ends before it begins")
    if not zoned and leaps_between(first, last):
        raise unsplittable(f"{item[:80]!r} names no time zone and spans a leap second")
    return Window(first, last, unit, sampled=bool(cadence), zoned=zoned)


def _ends(found: re.Match[str], span: str, step: int) -> tuple[int, int]:
    """First and last time of a range. Times without a zone are counted as if they were TAI."""
    first, rest = instant(found, "TAI"), span[found.end() :].strip()
    if not rest:
        return first, first
    if rest[0] == "/":
        return first, first + max(_span(rest[1:]) - step, 0)
    end = TIME.fullmatch(rest[1:].strip())
    if rest[0] != "-" or end is None or (end["zone"] is None) != (found["zone"] is None):
        raise ValueError("it has no two ends of one kind")
    return first, instant(end, "TAI")


def _span(text: str) -> int:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise unsplittable(f"{text[:80]!r} is no span of time")
    return round(float(found[1]) * _UNITS[found[2].lower()] * SECOND)
