"""Active region patches of HMI: each HARP has records during twelve days only."""

from __future__ import annotations

from scibus.sandbox.jsoc.archive import sun
from scibus.sandbox.jsoc.archive.axes import Integers
from scibus.sandbox.jsoc.archive.keywords import Keyword
from scibus.sandbox.jsoc.archive.series import Link, Record, Segment, Series

from . import common
from .hmi import slots

STEP = 720.0
SLOTS_A_DAY = 120
LIFE = 12 * SLOTS_A_DAY
SLOTS_BETWEEN = 90
MISSION = slots(STEP)
HARPS = Integers(range(1, (MISSION.count - LIFE) // SLOTS_BETWEEN + 2))


NO_REGION = "MISSING"


def life(row: int) -> range:
    """The slots at which the HARP of that row was seen; a new one appears every 18 hours."""
    start = row * SLOTS_BETWEEN
    return range(start, start + LIFE)


def regions(record: Record) -> str:
    """The NOAA numbers of a HARP; every third HARP has two, every fifth none."""
    harp = int(record.keys[0])
    if harp % 5 == 0:
        return NO_REGION
    return f"{11050 + harp},{11051 + harp}" if harp % 3 == 0 else str(11050 + harp)


def keywords() -> tuple[Keyword, ...]:
    time = common.nominal_time(1)
    return (
        common.prime_key("HARPNUM", 0, "int", "none", "HARP number"),
        common.prime_key("T_REC", 1, "time", "TAI", "Nominal observation time"),
        *common.times(time, exposure=STEP),
        *common.origin("SDO/HMI", "HMI_SIDE1", 6173.0, "For HMI: 6173"),
        *common.pointing(time),
        *common.bookkeeping(),
        Keyword(name="NOAA_ARS", type="string", value=regions, note="NOAA active region numbers", default="MISSING"),
        Keyword(
            name="NOAA_AR",
            type="int",
            value=lambda record: None if regions(record) == NO_REGION else 11050 + int(record.keys[0]),
            note="NOAA active region number that best matches this HARP",
        ),
        Keyword(
            name="USFLUX",
            type="float",
            value=common.unless_missing(lambda record: 1e22 * (1 + sun.noise(record.ordinal, 7))),
            units="Mx",
            note="Total unsigned flux",
            format="%e",
        ),
        *common.slotting("T_REC", STEP),
    )


def patches(name: str, number: int, note: str, segments: tuple[Segment, ...], links: tuple[Link, ...] = ()) -> Series:
    return Series(
        name=name,
        note=note,
        number=number,
        prime_keys={"HARPNUM": HARPS, "T_REC": MISSION},
        keywords=keywords(),
        segments=segments,
        links=links,
        window=life,
        first_recnum=number * 100_000,
    )


NEAR_REAL_TIME = patches(
    "hmi.mharp_720s_nrt",
    7,
    "HARPs of the near-real-time magnetograms.",
    (Segment(name="bitmap", type="char", dims="VAR", note="Mask of the patch", megabytes=1),),
)

SERIES = (
    patches(
        "hmi.sharp_cea_720s",
        6,
        "Spaceweather HMI Active Region Patches, cylindrical equal area; 0.03\u00b0 a pixel.",
        (
            Segment(name="bitmap", type="char", dims="VAR", note="Mask of the patch", megabytes=1),
            Segment(name="Bp", units="Gauss", dims="VAR", note="B_phi, to the west", bscale="0.01", megabytes=2),
            Segment(name="Bt", units="Gauss", dims="VAR", note="B_theta, to the south", bscale="0.01", megabytes=2),
            Segment(name="Br", units="Gauss", dims="VAR", note="B_r, up", bscale="0.01", megabytes=2),
        ),
        (Link(name="HARP", target=NEAR_REAL_TIME.name, kind="STATIC", note="The HARP of the patch"),),
    ),
    NEAR_REAL_TIME,
)
