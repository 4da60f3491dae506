"""From a query to the records it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.archive.ordinals import Grid, Runs
from scibus.sandbox.jsoc.archive.series import Record, Series

from .conditions import fulfilling
from .errors import ForeignSubset, InvalidRecordSet, UnknownSeries
from .filters import chosen
from .syntax import Subset, parse_record_set

RECNUMS = re.compile(r":#(\d+|\^|\$)(?:-#(\d+|\$))?")
NAMED = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*)")


@dataclass(frozen=True)
class RecordSet:
    """The records of one series that a query names.

    Attributes:
        segments: the segments the query asks for, all of the series unless it names some.
    """

    series: Series
    ordinals: Sequence[int]
    segments: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ordinals)

    def __iter__(self) -> Iterator[Record]:
        return map(self.series.record, self.ordinals)

    def limited(self, n: int) -> RecordSet:
        """The first `n` records, the last |n| when negative, all when 0."""
        if not n:
            return self
        part = slice(0, n) if n > 0 else slice(n, None)
        return RecordSet(self.series, self.ordinals[part], self.segments)

    def with_images(self) -> RecordSet:
        """Only the records that have an image."""
        kept = fulfilling(self.series, ["drms.image_exists(quality)"], self.ordinals)
        return RecordSet(self.series, kept, self.segments)


def open_record_set(archive: Archive, query: str) -> RecordSet:
    """The records that `query` names.

    Raises:
        InvalidRecordSet: it is no record-set query.
        UnknownSeries: the series does not exist.
        ForeignSubset: its parts belong to several series.
        QueryFailed: a condition is refused by the database.
    """
    subsets = parse_record_set(query)
    found = [archive.find(subset.series) for subset in subsets]
    series = found[0]
    if series is None:
        raise UnknownSeries(subsets[0].series)
    if any(other is not series for other in found):
        raise ForeignSubset(query)
    parts = [_ordinals(series, subset) for subset in subsets]
    segments = subsets[0].segments or [segment.name for segment in series.segments]
    return RecordSet(series, parts[0] if len(parts) == 1 else Runs(parts), tuple(segments))


def _ordinals(series: Series, subset: Subset) -> Sequence[int]:
    by_recnum = RECNUMS.fullmatch(subset.filters[0]) if len(subset.filters) == 1 else None
    ordinals = _by_recnum(series, by_recnum) if by_recnum else _by_keys(series, _positioned(series, subset))
    return fulfilling(series, subset.conditions, ordinals) if subset.conditions else ordinals


def _positioned(series: Series, subset: Subset) -> list[str]:
    """One filter for every prime key, named ones put in their places."""
    names = [name.lower() for name in series.prime_keys]
    filters = [""] * len(names)
    for position, text in enumerate(subset.filters):
        named = NAMED.fullmatch(text)
        place = names.index(named[1].lower()) if named and named[1].lower() in names else position
        if place >= len(names):
            raise InvalidRecordSet(text)
        filters[place] = named[2] if named else text
    return filters


def _by_recnum(series: Series, match: re.Match[str]) -> range:
    ends = {"^": series.first_recnum, "$": series.first_recnum + len(series) - 1}
    first, last = (ends[text] if text in ends else int(text) for text in (match[1], match[2] or match[1]))
    start = max(0, first - series.first_recnum)
    return range(start, max(start, min(len(series), last - series.first_recnum + 1)))


def _by_keys(series: Series, filters: list[str]) -> Sequence[int]:
    if not filters:
        return range(len(series))
    outer, *inner = series.prime_keys.values()
    rows = chosen(outer, filters[0])
    if series.window is not None:
        return _in_windows(series, series.window, rows, filters[1])
    return Grid(rows, chosen(inner[0], filters[1]) if inner else range(1), series.width)


def _in_windows(series: Series, window: Callable[[int], range], rows: Sequence[int], text: str) -> Sequence[int]:
    """The records in `rows`; the first and last slot are those of the rows together."""
    windows = [(row, window(row)) for row in rows]
    if not windows:
        return range(0)
    if text in ("^", "$"):
        edge = min(seen.start for _, seen in windows) if text == "^" else max(seen.stop for _, seen in windows) - 1
        slots: Sequence[int] = range(edge, edge + 1)
    else:
        slots = chosen(list(series.prime_keys.values())[1], text)
    return Runs([_shared(slots, seen, row * series.width - seen.start) for row, seen in windows])


def _shared(slots: Sequence[int], seen: range, shift: int) -> Sequence[int]:
    """The ordinals of those `slots` that lie in a row's own window."""
    if not isinstance(slots, range):
        return [slot + shift for slot in slots if slot in seen]
    skipped = max(0, -((slots.start - seen.start) // slots.step))
    start = slots.start + skipped * slots.step
    return range(start + shift, min(slots.stop, seen.stop) + shift, slots.step)
