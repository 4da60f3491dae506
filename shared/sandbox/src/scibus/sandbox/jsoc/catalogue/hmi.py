"""Full-disc series of the Helioseismic and Magnetic Imager."""

from __future__ import annotations

from scibus.sandbox.jsoc.archive.axes import Integers, SlottedTimes
from scibus.sandbox.jsoc.archive.keywords import Keyword
from scibus.sandbox.jsoc.archive.series import Link, Segment, Series
from scibus.sandbox.jsoc.archive.sun import noise
from scibus.sandbox.jsoc.archive.times import parse_time

from . import common

FIRST = parse_time("2010.05.01_00:00:00_TAI")
LAST = parse_time("2026.01.01_00:00:00_TAI")
CAMERA_NOTE = "For HMI: 1 = side camera, 2 = front camera, 3 = combined"


def slots(step: float) -> SlottedTimes:
    """The whole mission at one cadence."""
    return SlottedTimes(FIRST, step, round((LAST - FIRST) / step) + 1)


def keywords(step: float, instrument: str, units: str, amplitude: float, salt: int) -> tuple[Keyword, ...]:
    time = common.nominal_time()
    return (
        common.prime_key("T_REC", 0, "time", "TAI", "Nominal observation time"),
        common.prime_key("CAMERA", 1, "int", "none", CAMERA_NOTE),
        *common.times(time, exposure=step),
        *common.origin("SDO/HMI", instrument, 6173.0, "For HMI: 6173"),
        *common.pointing(time),
        *common.bookkeeping(),
        *common.statistics(units, amplitude, salt),
        *common.slotting("T_REC", step),
    )


def line_of_sight(name: str, number: int, note: str, segment: Segment, amplitude: float, recnum: int) -> Series:
    return Series(
        name=name,
        note=note,
        number=number,
        prime_keys={"T_REC": slots(45.0), "CAMERA": Integers([2])},
        keywords=(
            *keywords(45.0, "HMI_FRONT2", segment.units, amplitude, number),
            *common.compression([segment.name]),
        ),
        segments=(segment,),
        first_recnum=recnum,
    )


def segment_average(index: int, units: str) -> Keyword:
    return Keyword(
        name=f"SEGMEAN_{index:03}",
        type="double",
        value=lambda record: 100 * noise(record.ordinal, 90 + index),
        units=units,
        note="Average value of the segment",
        scope="segment",
        family="SEGMEAN",
    )


def vector_field(
    name: str,
    number: int,
    note: str,
    segments: tuple[Segment, ...],
    recnum: int,
    linked: tuple[Keyword, ...] = (),
    links: tuple[Link, ...] = (),
) -> Series:
    averages = tuple(segment_average(index, segment.units) for index, segment in enumerate(segments))
    return Series(
        name=name,
        note=note,
        number=number,
        prime_keys={"T_REC": slots(720.0), "CAMERA": Integers([3])},
        keywords=(*keywords(720.0, "HMI_COMBINED", "Mx/cm^2", 1800.0, number), *averages, *linked),
        segments=segments,
        links=links,
        first_recnum=recnum,
        unitsize=16,
    )


INVERSION_SEGMENTS = (
    Segment(name="inclination", units="deg", note="Inclination of the field", bscale="0.01"),
    Segment(name="azimuth", units="deg", note="Azimuth of the field", bscale="0.01"),
    Segment(name="field", units="Mx/cm^2", note="Field strength", bscale="0.5"),
    Segment(name="vlos_mag", units="cm/s", note="Velocity of the magnetised plasma", bscale="0.5"),
)
INVERSION = vector_field("hmi.ME_720s_fd10", 5, "Milne-Eddington inversion of 720-s data.", INVERSION_SEGMENTS, 1001)

VECTOR_FIELD = vector_field(
    "hmi.B_720s",
    4,
    "Full-disk vector magnetograms with a cadence of 720 seconds; azimuth \u00b1180\u00b0 disambiguated.",
    (
        Segment(name="field", units="Mx/cm^2", note="Field strength", bscale="0.5"),
        Segment(name="inclination", units="deg", note="Inclination of the field", bscale="0.01"),
        Segment(name="azimuth", units="deg", note="Azimuth of the field", bscale="0.01"),
        Segment(name="disambig", type="char", note="Bits of the disambiguation", cparms="", megabytes=4),
        Segment(name="vlos_mag", follows="MDATA->vlos_mag"),
    ),
    50001,
    linked=(Keyword(name="INVQUAL", type="int", follows="MDATA->QUALITY", note="Quality of MDATA"),),
    links=(Link(name="MDATA", target=INVERSION.name, note="Inversion the field comes from"),),
)

SERIES = (
    line_of_sight(
        "hmi.V_45s",
        1,
        "Dopplergrams with a cadence of 45 seconds.",
        Segment(name="Dopplergram", units="m/s", note="Dopplergram", bscale="0.5", megabytes=16),
        6500.0,
        33_065_728,
    ),
    line_of_sight(
        "hmi.M_45s",
        2,
        "magnetograms with a cadence of 45 seconds.",
        Segment(name="magnetogram", units="Gauss", note="magnetogram", bscale="0.1", megabytes=15),
        1500.0,
        12_000_000,
    ),
    line_of_sight(
        "hmi.Ic_45s",
        3,
        "continuum intensities with a cadence of 45 seconds; 1 \u00c5 around the line.",
        Segment(name="continuum", units="DN/s", note="continuum intensity", bscale="3", megabytes=18),
        50000.0,
        20_000_000,
    ),
    VECTOR_FIELD,
    INVERSION,
)
