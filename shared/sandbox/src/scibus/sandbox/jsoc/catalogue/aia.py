"""Series of the Atmospheric Imaging Assembly."""

from __future__ import annotations

from scibus.sandbox.jsoc.archive.axes import Integers, SlottedTimes
from scibus.sandbox.jsoc.archive.keywords import Keyword
from scibus.sandbox.jsoc.archive.series import Segment, Series
from scibus.sandbox.jsoc.archive.sun import noise
from scibus.sandbox.jsoc.archive.times import parse_time

from . import common

STEP = 12.0
# Slots count from 1977 in TAI, so they fall on odd seconds of UTC.
FIRST = parse_time("2010-05-13T00:00:02Z")
LAST = parse_time("2026-01-01T00:00:11Z")
WAVELENGTHS = Integers([94, 131, 171, 193, 211, 304, 335])


def extreme_ultraviolet() -> Series:
    time = common.nominal_time()
    return Series(
        name="aia.lev1_euv_12s",
        note="AIA Level 1, 12 second cadence; 94 to 335 \u00c5",
        number=8,
        prime_keys={"T_REC": SlottedTimes(FIRST, STEP, round((LAST - FIRST) / STEP) + 1), "WAVELNTH": WAVELENGTHS},
        keywords=(
            common.prime_key("T_REC", 0, "time", "ISO", "Nominal time of the slot"),
            common.prime_key("WAVELNTH", 1, "int", "angstrom", "Wavelength"),
            *common.times(time, exposure=2.0, units="ISO"),
            *common.origin("SDO/AIA", "AIA", None),
            *common.pointing(time),
            *common.bookkeeping(),
            Keyword(
                name="EXPTIME",
                type="double",
                value=lambda record: 2.0 - noise(record.ordinal, 12) / 1000,
                units="seconds",
                note="Exposure duration: mean shutter open time",
            ),
            *common.statistics("DN", 16000.0, 8),
            *common.slotting("T_REC", STEP, units="ISO"),
        ),
        segments=(
            Segment(name="image", type="short", units="DN", note="Level 1 image", megabytes=12),
            Segment(name="spikes", dims="VAR", note="Spikes removed from the image", cparms="", megabytes=1),
        ),
        first_recnum=1_000_000,
        unitsize=8,
        record_limit=15_000,
    )


SERIES = (extreme_ultraviolet(),)
