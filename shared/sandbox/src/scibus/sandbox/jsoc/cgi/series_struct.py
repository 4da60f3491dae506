"""jsoc_info, op=series_struct: what a series is made of."""

from __future__ import annotations

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.jsoc.archive.keywords import Keyword
from scibus.sandbox.jsoc.archive.series import Segment, Series

from .printing import Json

STAGING_RETENTION = 3
TAPE_GROUP = 2
OWNER = "production"


def describe(archive: Archive, series: Series, *, follow_links: bool, owner: bool) -> dict[str, Json]:
    """The members of the answer up to `runtime`."""
    names: list[Json] = list(series.prime_keys) or [None]
    interval = _interval(series)
    if owner:
        interval["HasShadow"] = 0
    return {
        "note": series.note,
        "retention": series.retention,
        "stagingretention": STAGING_RETENTION,
        "unitsize": series.unitsize,
        "archive": 1,
        "tapegroup": TAPE_GROUP,
        **({"owner": OWNER} if owner else {}),
        "primekeys": names,
        "primekeysinfo": [_prime_key(series, name) for name in series.prime_keys] or [None],
        "dbindex": names,
        "keywords": _keywords(archive, series),
        "segments": [_segment(archive, series, segment, follow_links) for segment in series.segments],
        "links": [
            {"name": link.name, "target": link.target, "kind": link.kind, "note": link.note} for link in series.links
        ],
        "Interval": interval,
    }


def _prime_key(series: Series, name: str) -> dict[str, Json]:
    step = series.step(name)
    return {"name": name, "slotted": 0} if step is None else {"name": name, "slotted": 1, "step": f"{step:.6f}"}


def _keywords(archive: Archive, series: Series) -> list[Json]:
    reported = {keyword.family or keyword.name: keyword for keyword in reversed(series.keywords)}
    return [_keyword(archive, series, name, keyword) for name, keyword in reversed(reported.items())]


def _keyword(archive: Archive, series: Series, name: str, keyword: Keyword) -> Json:
    followed = archive.keyword(series, keyword)
    return {
        "name": name,
        **({"linkinfo": keyword.follows} if keyword.follows else {}),
        "type": followed.type if followed is not None else "link",
        "recscope": keyword.scope,
        "defval": followed.default_text if followed is not None else "",
        "units": keyword.units,
        "note": keyword.note,
    }


def _segment(archive: Archive, series: Series, segment: Segment, follow_links: bool) -> Json:
    if segment.follows is not None:
        link_name, _, name = segment.follows.partition("->")
        followed = _followed(archive, series, link_name, name) if follow_links else None
        if followed is None:
            linked = {"units": None, "protocol": f"link via {link_name}", "dims": None}
            return {"name": segment.name, "type": segment.type, **linked, "note": segment.note}
        segment = followed
    return {
        "name": segment.name,
        "type": segment.type,
        "units": segment.units,
        "protocol": segment.protocol,
        "dims": segment.dims,
        "note": segment.note,
    }


def _followed(archive: Archive, series: Series, link_name: str, segment: str) -> Segment | None:
    link = series.link(link_name)
    target = archive.find(link.target) if link is not None else None
    return target.segment(segment) if target is not None else None


def _interval(series: Series) -> dict[str, Json]:
    if not len(series):
        unknown: dict[str, Json] = dict.fromkeys(("FirstRecord", "FirstRecnum", "LastRecord", "LastRecnum"), "NA")
        return {**unknown, "MaxRecnum": 0}
    first, last = series.record(0), series.record(len(series) - 1)
    return {
        "FirstRecord": first.name,
        "FirstRecnum": first.recnum,
        "LastRecord": last.name,
        "LastRecnum": last.recnum,
        "MaxRecnum": last.recnum,
    }
