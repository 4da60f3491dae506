"""What a ticket is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scibus.sandbox.modos.answers import arguments
from scibus.sandbox.standin import Request

from .errors import HtsgetError

FORMATS = {"reads": ("BAM", "CRAM"), "variants": ("VCF", "BCF")}
CLASSES = ("header", "body")
UNPLACED = "*"
IN_A_BODY = {"format", "class", "fields", "tags", "notags", "regions"}


@dataclass(frozen=True)
class Region:
    """A part of one sequence, 0-based and half-open, to its end when `end` is None; `*` for unplaced reads."""

    reference: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class TicketQuery:
    """Attributes:
    format: "BAM", "CRAM", "VCF" or "BCF".
    part: "header", "body", or None for both.
    regions: what is wanted of the body; all of it when there are none.
    """

    format: str
    part: str | None
    regions: tuple[Region, ...]


def from_url(request: Request, kind: str) -> TicketQuery:
    """Raises HtsgetError for what is not allowed."""
    query = arguments(request)
    part = _part(query.get("class"))
    if part == "header" and query.keys() - {"format", "class"}:
        raise HtsgetError("InvalidInput", "class=header goes with format only")
    if set(_listed(query, "tags")) & set(_listed(query, "notags")):
        raise HtsgetError("InvalidInput", "tags and notags name the same tag")
    form = _format(query.get("format"), kind)
    if "referenceName" in query:
        return TicketQuery(form, part, (_region(query),))
    if "start" in query or "end" in query:
        raise HtsgetError("InvalidInput", "start and end need a referenceName")
    return TicketQuery(form, part, ())


def from_body(request: Request, kind: str) -> TicketQuery:
    """Raises HtsgetError for what is not allowed."""
    if request.query:
        raise HtsgetError("InvalidInput", "a POST has no query parameters")
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise HtsgetError("InvalidInput", "the body is no JSON") from error
    if not isinstance(body, dict) or body.keys() - IN_A_BODY:
        raise HtsgetError("InvalidInput", f"the body is an object of {', '.join(sorted(IN_A_BODY))}")
    part = _part(body.get("class"))
    if part == "header" and body.keys() - {"format", "class"}:
        raise HtsgetError("InvalidInput", "class=header goes with format only")
    form = _format(body.get("format"), kind)
    if "regions" not in body:
        return TicketQuery(form, part, ())
    regions = body["regions"]
    if not isinstance(regions, list) or not regions or not all(isinstance(region, dict) for region in regions):
        raise HtsgetError("InvalidInput", "regions is a list of at least one region")
    return TicketQuery(form, part, tuple(_region(region) for region in regions))


def _format(name: Any, kind: str) -> str:
    if name is None:
        return FORMATS[kind][0]
    if name not in FORMATS[kind]:
        raise HtsgetError("UnsupportedFormat", f"{kind} are {' or '.join(FORMATS[kind])}")
    return str(name)


def _part(name: Any) -> str | None:
    if name is None:
        return None
    if name not in CLASSES:
        raise HtsgetError("InvalidInput", f"class is {' or '.join(CLASSES)}")
    return str(name)


def _listed(query: Mapping[str, str], name: str) -> list[str]:
    return [tag for tag in query.get(name, "").split(",") if tag]


def _region(members: Mapping[str, Any]) -> Region:
    reference = members.get("referenceName")
    if not isinstance(reference, str) or not reference:
        raise HtsgetError("InvalidInput", "a region has a referenceName")
    if reference == UNPLACED and ("start" in members or "end" in members):
        raise HtsgetError("InvalidInput", "unplaced reads have no start and end")
    start, end = _bound(members.get("start", 0)), None if members.get("end") is None else _bound(members["end"])
    if end is not None and start >= end:
        raise HtsgetError("InvalidRange", "start is below end")
    return Region(reference, start, end)


def _bound(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdecimal() or int(value) >= 2**32:
        raise HtsgetError("InvalidInput", "start and end are unsigned numbers of 32 bits")
    return int(value)
