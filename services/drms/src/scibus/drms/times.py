"""DRMS times. Inside, an instant is a count of microseconds of TAI since 1970.01.01_00:00:00_TAI."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files

SECOND = 1_000_000
DAY = 86_400 * SECOND
TERRESTRIAL = 32_184_000
"""Microseconds by which TT (TDT) is ahead of TAI."""
EPOCH_DAY = date(1970, 1, 1).toordinal()

TIME = re.compile(
    r"(?P<year>\d{4})(?P<dash>[.-])(?P<month>\d\d?)(?P=dash)(?P<day>\d\d?)"
    r"(?:[_T ](?P<hour>\d\d?)(?::(?P<minute>\d\d?)(?::(?P<second>\d\d?)(?:\.(?P<fraction>\d*))?)?)?)?"
    r"(?:_?(?P<zone>TAI|UTC|UT|TDT|TT|Z))?",
    re.IGNORECASE,
)


def parse_time(text: str, zone: str = "UTC") -> int:
    """The instant that `text` names; `zone` counts where it names none.

    Raises:
        ValueError: `text` is no time, or lies in a zone that is not known.
    """
    found = TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:80]!r} is not a time")
    return instant(found, zone)


def instant(found: re.Match[str], zone: str = "UTC") -> int:
    """The instant that a match of TIME names."""
    day = (date(int(found["year"]), int(found["month"]), int(found["day"])).toordinal() - EPOCH_DAY) * DAY
    clock = int(found["hour"] or 0) * 3600 + int(found["minute"] or 0) * 60 + int(found["second"] or 0)
    fraction = int((found["fraction"] or "0").ljust(6, "0")[:6])
    count = day + clock * SECOND + fraction
    named = (found["zone"] or zone).upper()
    if named == "TAI":
        return count
    if named in ("TDT", "TT"):
        return count - TERRESTRIAL
    if named in ("UTC", "UT", "Z", "ISO"):
        return count + _offset_at(_leaps()[0], day)
    raise ValueError(f"the time zone {named!r} is not known")


def tai_text(time: int) -> str:
    """`time` as DRMS reads it: 2013.07.03_08:42:00_TAI."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y.%m.%d_%H:%M:%S}{fraction}_TAI"


def utc_microseconds(time: int) -> int | None:
    """POSIX time of an instant, in microseconds; None before 1972, where UTC had no whole offset from TAI.

    A leap second has no POSIX time of its own: it falls onto the first second of the next day.
    """
    offset = _offset_at(_leaps()[1], time)
    return time - offset if offset else None


def leaps_between(first: int, last: int) -> bool:
    """Whether a leap second lies in a range, give or take the offset between TAI and UTC."""
    margin = 60 * SECOND
    return any(first - margin <= step <= last + margin for step in _leaps()[1])


@cache
def _leaps() -> tuple[Sequence[int], Sequence[int]]:
    """Instants at which TAI-UTC grew: counted in UTC and counted in TAI. From the IANA list that tzdata ships."""
    text = (files("tzdata") / "zoneinfo" / "leapseconds").read_text(encoding="ascii")
    steps = [date(1972, 1, 1)]
    for line in text.splitlines():
        if line.startswith("Leap\t"):
            _, year, month, day, *_ = line.split()
            last = datetime.strptime(f"{year} {month} {day}", "%Y %b %d").replace(tzinfo=UTC)
            steps.append((last + timedelta(days=1)).date())
    utc = [(step.toordinal() - EPOCH_DAY) * DAY for step in steps]
    tai = [count + (10 + i) * SECOND for i, count in enumerate(utc)]
    return utc, tai


def _offset_at(steps: Sequence[int], count: int) -> int:
    """TAI-UTC in microseconds; 0 before 1972."""
    passed = bisect_right(steps, count)
    return (9 + passed) * SECOND if passed else 0
