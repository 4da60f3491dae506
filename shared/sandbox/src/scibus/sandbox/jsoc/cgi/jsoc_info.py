"""jsoc_info: series, counts and lists of records."""

from __future__ import annotations

from collections.abc import Mapping

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.queries import (
    ForeignSubset,
    InvalidRecordSet,
    QueryFailed,
    RecordSet,
    UnknownSeries,
    open_record_set,
)
from scibus.sandbox.standin import Response

from .answers import Stopwatch, failure, one_line
from .printing import pretty
from .rs_list import listing
from .series_struct import describe

# The archive has no such limit, but neither has it to share the machine with its users' tests.
MOST_LISTED = 1_000_000


class JsocInfo:
    """The CGI of that name; an operation it does not know gets an empty body."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._operations = {
            "series_struct": self._series_struct,
            "rs_summary": self._rs_summary,
            "rs_list": self._rs_list,
        }

    def answer(self, arguments: Mapping[str, str]) -> Response:
        operation = self._operations.get(arguments.get("op", ""))
        if operation is None:
            return Response(b"")
        if "ds" not in arguments:
            return failure(1, "Bad QUERY_STRING")
        try:
            return operation(dict(arguments))
        except InvalidRecordSet:
            return failure(1, _invalid(arguments["ds"]))
        except ForeignSubset:
            return failure(1, f"{_invalid(arguments['ds'])}; the records must belong to a single data series")
        except QueryFailed as error:
            return failure(1, str(error))

    def _series_struct(self, arguments: dict[str, str]) -> Response:
        watch = Stopwatch()
        series = self._archive.find(arguments["ds"].partition("[")[0].partition("{")[0])
        if series is None:
            return failure(1, "series not found")
        flags = {"follow_links": arguments.get("l") == "1", "owner": arguments.get("o") == "1"}
        document = describe(self._archive, series, **flags)
        return Response(pretty({**document, **watch.closing(arguments)}))

    def _rs_summary(self, arguments: dict[str, str]) -> Response:
        watch = Stopwatch()
        try:
            records = self._records(arguments)
        except UnknownSeries:
            return failure(1, "series not found")
        return Response(pretty({"count": len(records), **watch.closing(arguments)}))

    def _rs_list(self, arguments: dict[str, str]) -> Response:
        watch = Stopwatch()
        try:
            records = self._records(arguments)
        except UnknownSeries:
            return failure(1, " jsoc_info: series not found.")
        if len(records) > MOST_LISTED:
            return failure(1, "problem with database query")
        document = listing(self._archive, records.series, list(records), arguments)
        return one_line({**document, **watch.closing(arguments)})

    def _records(self, arguments: dict[str, str]) -> RecordSet:
        try:
            n = int(arguments.get("n", "0"))
        except ValueError:
            n = 0
        return open_record_set(self._archive, arguments["ds"]).limited(n)


def _invalid(ds: str) -> str:
    return f"invalid record-set specification `{ds}`"
