"""DRMS times: seconds of TAI since 1977.01.01_00:00:00_TAI."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import date
from functools import lru_cache

DAY = 86400
EPOCH = date(1977, 1, 1)

# The first UTC day of each value of TAI-UTC since 10 s, as in the IERS leap second list.
FIRST_LEAP_OFFSET = 10
LEAP_DATES = (
    *((1972, 1), (1972, 7), (1973, 1), (1974, 1), (1975, 1), (1976, 1), (1977, 1), (1978, 1), (1979, 1), (1980, 1)),
    *((1981, 7), (1982, 7), (1983, 7), (1985, 7), (1988, 1), (1990, 1), (1991, 1), (1992, 7), (1993, 7), (1994, 7)),
    *((1996, 1), (1997, 7), (1999, 1), (2006, 1), (2009, 1), (2012, 7), (2015, 7), (2017, 1)),
)
LEAP_DAYS = [(date(year, month, 1) - EPOCH).days for year, month in LEAP_DATES]
LEAP_TIMES = [day * DAY + FIRST_LEAP_OFFSET + count for count, day in enumerate(LEAP_DAYS)]

TIME = re.compile(
    r"(?P<year>\d{4})[.-](?P<month>\d\d?)[.-](?P<day>\d\d?)"
    r"(?:[_T ](?P<hour>\d\d?)(?::(?P<minute>\d\d?)(?::(?P<second>\d\d?(?:\.\d*)?))?)?)?"
    r"(?:_?(?P<zone>TAI|UTC|UT|Z))?",
    re.IGNORECASE,
)


def time_from_match(match: re.Match[str]) -> float:
    """The time a match of TIME names; a time without a zone is UTC, as in DRMS.

    Raises:
        ValueError: there is no such day.
    """
    days = (date(int(match["year"]), int(match["month"]), int(match["day"])) - EPOCH).days
    seconds = int(match["hour"] or 0) * 3600 + int(match["minute"] or 0) * 60 + float(match["second"] or 0)
    if (match["zone"] or "UTC").upper() == "TAI":
        return days * DAY + seconds
    return days * DAY + seconds + _leap_offset(bisect_right(LEAP_DAYS, days))


def parse_time(text: str) -> float:
    """The time that `text` names.

    Raises:
        ValueError: `text` is no time.
    """
    match = TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time")
    return time_from_match(match)


def tai_text(time: float, precision: int = 0) -> str:
    """`time` as DRMS prints it for units TAI: 2013.07.03_08:42:00_TAI."""
    days, clock = _calendar(time, precision)
    return f"{_day_text(days, '.')}_{clock}_TAI"


def iso_text(time: float, precision: int = 0) -> str:
    """`time` as DRMS prints it for units ISO: 2013-07-03T08:41:25Z."""
    days, clock = _calendar(time - utc_offset(time), precision)
    return f"{_day_text(days, '-')}T{clock}Z"


def utc_offset(time: float) -> int:
    """TAI-UTC at `time`."""
    return _leap_offset(bisect_right(LEAP_TIMES, time))


def unix_time(time: float) -> float:
    """`time` in seconds since 1970-01-01T00:00:00Z."""
    return time - utc_offset(time) + (EPOCH - date(1970, 1, 1)).days * DAY


def _leap_offset(changes: int) -> int:
    return FIRST_LEAP_OFFSET + max(changes, 1) - 1


def _calendar(time: float, precision: int) -> tuple[int, str]:
    ticks_a_second = 10**precision
    days, ticks = divmod(round(time * ticks_a_second), DAY * ticks_a_second)
    seconds, fraction = divmod(ticks, ticks_a_second)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return days, f"{clock}.{fraction:0{precision}}" if precision else clock


@lru_cache(maxsize=65536)
def _day_text(days: int, separator: str) -> str:
    return date.fromordinal(EPOCH.toordinal() + days).strftime(f"%Y{separator}%m{separator}%d")
