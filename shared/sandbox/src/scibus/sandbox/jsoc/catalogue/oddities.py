"""Series of unusual shape, each for one of the rarer forms of an answer."""

from __future__ import annotations

from scibus.sandbox.jsoc.archive.axes import Names, SlottedTimes, Times
from scibus.sandbox.jsoc.archive.keywords import Keyword
from scibus.sandbox.jsoc.archive.series import Link, Segment, Series
from scibus.sandbox.jsoc.archive.sun import noise
from scibus.sandbox.jsoc.archive.times import DAY, parse_time

from . import common

FIRST_EVENT = parse_time("2012.01.01_00:00:00_TAI")
EVENT_TIMES = [round(FIRST_EVENT + day * DAY + noise(day, 21) * DAY, 1) for day in range(2000)]

EVENTS = Series(
    name="su_standin.events",
    note="Solar events; times without slots",
    number=10,
    prime_keys={"T_OBS": Times(EVENT_TIMES), "CLASS": Names(["cme", "filament", "flare"])},
    keywords=(
        common.prime_key("T_OBS", 0, "time", "TAI", "Time of the event", printed="1"),
        common.prime_key("CLASS", 1, "string", "none", "Kind of the event"),
        Keyword(
            name="STRENGTH",
            type="float",
            value=common.unless_missing(lambda record: 10 * noise(record.ordinal, 22)),
            note="Strength of the event",
        ),
        *common.bookkeeping(),
    ),
    segments=(Segment(name="report", type="short", protocol="generic", dims="NA", note="Report", megabytes=1),),
    unitsize=1,
)

UNKEYED = Series(
    name="su_standin.frames",
    note="Frames without prime keys",
    number=11,
    prime_keys={},
    keywords=(
        Keyword(name="FRAME", type="int", value=lambda record: record.ordinal, note="Number of the frame"),
        *common.bookkeeping(),
    ),
    segments=(Segment(name="frame", dims="1024x1024", note="Frame", megabytes=2),),
    unkeyed=500,
)

EMPTY = Series(
    name="su_standin.empty",
    note="A series without records",
    number=12,
    prime_keys={"T_REC": SlottedTimes(FIRST_EVENT, 60.0, 0)},
    keywords=(common.prime_key("T_REC", 0, "time", "TAI", "Nominal observation time"),),
    segments=(Segment(name="image"),),
)

BROKEN_LINKS = Series(
    name="su_standin.broken_links",
    note="Links to a series that no longer exists",
    number=13,
    prime_keys={"T_REC": SlottedTimes(FIRST_EVENT, 60.0, 100)},
    keywords=(
        common.prime_key("T_REC", 0, "time", "TAI", "Nominal observation time"),
        Keyword(name="LOST", type="int", follows="GONE->LOST", note="Lives in a series that no longer exists"),
        *common.slotting("T_REC", 60.0),
    ),
    segments=(Segment(name="image", dims="1024x1024"), Segment(name="lost", follows="GONE->lost")),
    links=(Link(name="GONE", target="su_standin.gone", note="Leads nowhere"),),
)

SERIES = (EVENTS, UNKEYED, EMPTY, BROKEN_LINKS)
