"""jsoc_fetch, op=exp_su: where storage units lie."""

from __future__ import annotations

from collections.abc import Mapping

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.archive.storage import unit_of
from scibus.sandbox.jsoc.queries import open_record_set
from scibus.sandbox.jsoc.queries.errors import RecordSetError
from scibus.sandbox.standin import Response

from .answers import failure, one_line

FAILED = 4


def exp_su(archive: Archive, arguments: Mapping[str, str]) -> Response:
    """The storage units named by `sunum` or holding the records of `ds`; keyed by number with formatvar=dataobj."""
    try:
        numbers = _numbers(archive, arguments)
    except ValueError:
        return failure(FAILED, f"Invalid argument on entry, 'sunum={arguments['sunum']}'.\n")
    except RecordSetError:
        return failure(FAILED, "RecordSet specified does not exist")
    rows = {str(number): _row(archive, number) for number in numbers}
    return one_line(
        {
            "count": len(rows),
            "size": sum(int(row["susize"]) for row in rows.values()),
            "dir": "",
            "data": rows if arguments.get("formatvar") == "dataobj" else list(rows.values()),
            "requestid": "",
            "method": arguments.get("method", "url_quick"),
            "protocol": arguments.get("protocol", "as-is"),
            "wait": 0,
            "status": 0,
        }
    )


def _numbers(archive: Archive, arguments: Mapping[str, str]) -> list[int]:
    if "sunum" in arguments:
        return [int(text) for text in arguments["sunum"].split(",")]
    records = open_record_set(archive, arguments.get("ds", ""))
    return list(dict.fromkeys(unit_of(record).sunum for record in records))


def _row(archive: Archive, number: int) -> dict[str, str]:
    unit = archive.storage_unit(number)
    if unit is None:
        return {"sunum": str(number), "series": "NA", "path": "NA", "sustatus": "I", "susize": "0"}
    return {
        "sunum": str(number),
        "series": unit.series.name,
        "path": unit.path if unit.online else "NA",
        "sustatus": "Y" if unit.online else "N",
        "susize": str(unit.size),
    }
