"""Times and spans as they are typed."""

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}
_SPAN = re.compile(r"(?:[0-9]{1,9}[smhd])+")
_PART = re.compile(r"([0-9]+)([smhd])")
LONGEST = timedelta(days=3650)


def span(text: str) -> timedelta:
    """`90s`, `15m`, `6h`, `2d`, or several as `1h30m`.

    Raises:
        typer.BadParameter: it is none, is nothing at all, or takes more than ten years.
    """
    if not _SPAN.fullmatch(text):
        raise typer.BadParameter(f"{text[:40]!r} is no span: write 90s, 15m, 6h, 2d or 1h30m")
    seconds = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(text))
    if not 1 <= seconds <= LONGEST.total_seconds():
        raise typer.BadParameter(f"{text[:40]!r} is out of range: from 1s to {LONGEST.days}d")
    return timedelta(seconds=seconds)


def moment(text: str) -> datetime:
    """A time as ISO 8601 writes it; without a zone it is of the zone of whoever types it.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text[:40]!r} is no time: write 2026-12-01T08:00, with a zone as 2026-12-01T08:00Z"
        ) from None


Since = Annotated[
    timedelta | None,
    typer.Option(parser=span, metavar="SPAN", help="Only those with news within this span: 90s, 15m, 6h, 2d."),
]
