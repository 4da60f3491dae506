"""show_series and showextseries: which series there are."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.archive.series import Series
from scibus.sandbox.standin import Request, Response

from .printing import compact

# The quotes around the text are missing, so this is no JSON.
BAD_FILTER = b'{"status":1,"errmsg":Series filter format error}\n'
POSIX_CLASSES = {
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:alnum:]": "A-Za-z0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:space:]": r"\s",
    "[:punct:]": r"!-/:-@\[-`{-~",
}


def show_series(archive: Archive, request: Request) -> Response:
    """The series whose names the filter finds.

    The filter is what follows the first `=` of the raw query, whatever the argument is called; `+` stays a plus.
    """
    raw = request.query or request.body.decode("latin-1")
    try:
        chosen = _filtered(archive, unquote(raw.partition("=")[2], encoding="latin-1"))
    except re.error:
        return Response(BAD_FILTER)
    lines = ",\n".join("  " + compact(_entry(series)).decode("latin-1").rstrip() for series in chosen)
    body = f'{{"status":0,\n "names":[\n{lines}],\n"n":{len(chosen)}}}\n'
    return Response(body.encode("latin-1"))


def showextseries(archive: Archive, request: Request) -> Response:
    """The names of the series, and with `info` their notes; an error is told in `errMsg` only."""
    arguments = request.form
    if "dbhost" not in arguments:
        return _external("Missing required argument dbhost.", [])
    try:
        expression = re.compile(arguments.get("filter", ""))
    except re.error as error:
        return _external(f"Invalid filter: {error}.", [])
    chosen = sorted(
        (series for series in archive if expression.search(series.name)),
        key=lambda series: series.name,
    )
    if arguments.get("info") == "1":
        return _external("", [{series.name: {"description": series.note}} for series in chosen])
    return _external("", [series.name for series in chosen])


def _filtered(archive: Archive, text: str) -> list[Series]:
    excluding = text.startswith("NOT ")
    expression = re.compile(_from_posix(text.removeprefix("NOT ")), re.IGNORECASE)
    return [series for series in archive if bool(expression.search(series.name)) != excluding]


def _from_posix(expression: str) -> str:
    for posix, python in POSIX_CLASSES.items():
        expression = expression.replace(posix, python)
    return expression


def _entry(series: Series) -> dict[str, object]:
    return {"name": series.name, "primekeys": ", ".join(series.prime_keys), "note": series.note}


def _external(message: str, series: list[object]) -> Response:
    return Response((json.dumps({"errMsg": message, "seriesList": series}) + "\n").encode())
