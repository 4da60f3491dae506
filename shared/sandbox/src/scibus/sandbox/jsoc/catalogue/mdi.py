"""Series of the Michelson Doppler Imager on SOHO; its first year is on tape."""

from __future__ import annotations

from scibus.sandbox.jsoc.archive.axes import SlottedTimes
from scibus.sandbox.jsoc.archive.keywords import Keyword
from scibus.sandbox.jsoc.archive.series import Segment, Series
from scibus.sandbox.jsoc.archive.times import parse_time

from . import common

STEP = 96 * 60.0
FIRST = parse_time("1996.05.01_00:00:00_TAI")
LAST = parse_time("2011.04.12_00:00:00_TAI")
FIRST_ONLINE = parse_time("1997.05.01_00:00:00_TAI")
SLOTS_ON_TAPE = round((FIRST_ONLINE - FIRST) / STEP)


def magnetograms() -> Series:
    time = common.nominal_time()
    return Series(
        name="mdi.fd_M_96m_lev182",
        note="MDI full-disk magnetograms with a cadence of 96 minutes, level 1.8.2",
        number=9,
        prime_keys={"T_REC": SlottedTimes(FIRST, STEP, round((LAST - FIRST) / STEP) + 1)},
        keywords=(
            common.prime_key("T_REC", 0, "time", "TAI", "Nominal observation time"),
            *common.times(time, exposure=30.0),
            *common.origin("SOHO", "MDI", 6767.8, "For MDI: 6767.8"),
            *common.pointing(time),
            *common.bookkeeping(),
            *common.statistics("Gauss", 2500.0, 9),
            Keyword(name="INTERVAL", type="int", value=30, units="s", note="Averaging interval"),
            *common.slotting("T_REC", STEP),
        ),
        segments=(
            Segment(name="data", type="float", units="Gauss", dims="1024x1024", note="Magnetogram", megabytes=2),
        ),
        first_recnum=300_001,
        unitsize=1,
        offline=lambda ordinal: ordinal < SLOTS_ON_TAPE,
    )


SERIES = (magnetograms(),)
