"""Keywords that many series have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scibus.sandbox.jsoc.archive import sun
from scibus.sandbox.jsoc.archive.keywords import Keyword, KeywordType, Value
from scibus.sandbox.jsoc.archive.quality import quality
from scibus.sandbox.jsoc.archive.series import Record
from scibus.sandbox.jsoc.archive.times import DAY

RecordTime = Callable[[Record], float]
RecordValue = Callable[[Record], Value]

PROCESSING_DELAY = 3 * DAY + 5_410
PIXELS = 4096 * 4096


def nominal_time(position: int = 0) -> RecordTime:
    """The time among a record's prime keys."""
    return lambda record: float(record.keys[position])


def unless_missing(value: RecordValue) -> RecordValue:
    """`value`, which a record without an image has not."""
    return lambda record: value(record) if record.has_image else None


def prime_key(name: str, position: int, kind: KeywordType, units: str, note: str, printed: str = "") -> Keyword:
    default = "-4712.01.01_11:59:28_TAI" if kind == "time" else ""
    return Keyword(
        name=name,
        type=kind,
        value=lambda record: record.keys[position],
        units=units,
        note=note,
        format=printed,
        default=default,
    )


def slotting(name: str, step: float, epoch: float = 0.0, units: str = "TAI") -> tuple[Keyword, ...]:
    """The constants that belong to a slotted time."""
    return (
        Keyword(name=f"{name}_epoch", type="time", value=epoch, units=units, note=f"{name} epoch", scope="constant"),
        Keyword(name=f"{name}_step", type="double", value=step, units="s", note=f"{name} step", scope="constant"),
        Keyword(name=f"{name}_unit", type="string", value="secs", note=f"{name} unit", scope="constant"),
    )


def times(time: RecordTime, exposure: float, units: str = "TAI") -> tuple[Keyword, ...]:
    """When the data were taken and made."""
    return (
        Keyword(
            name="T_OBS",
            type="time",
            value=unless_missing(lambda record: time(record) - 2.68 + sun.noise(record.ordinal, 1) / 100),
            units=units,
            note="Observation time, centre of the exposure",
            format="3" if units == "TAI" else "2",
        ),
        Keyword(
            name="DATE__OBS",
            type="time",
            value=unless_missing(lambda record: time(record) - 2.68 - exposure / 2),
            units="ISO",
            note="[DATE-OBS] Observation date {DATE__OBS} = T_OBS - EXPTIME/2.0",
            format="2",
        ),
        Keyword(
            name="DATE",
            type="time",
            value=lambda record: time(record) + PROCESSING_DELAY + record.ordinal % 3600,
            units="ISO",
            note="Date_time of processing; ISO 8601",
        ),
    )


def pointing(time: RecordTime) -> tuple[Keyword, ...]:
    """Where the observer stood."""
    return (
        Keyword(
            name="CAR_ROT",
            type="int",
            value=lambda record: sun.carrington_rotation(time(record)),
            note="Carrington rotation number of CRLN_OBS",
        ),
        _real("CRLN_OBS", "degrees", "Carrington longitude of observer", lambda r: sun.carrington_longitude(time(r))),
        _real("CRLT_OBS", "degrees", "Carrington latitude of observer", lambda r: sun.heliographic_latitude(time(r))),
        _real("RSUN_OBS", "arcsec", "Apparent radius of the Sun", lambda r: sun.apparent_radius(time(r))),
        _real("OBS_VR", "m/s", "Radial velocity of the observer", lambda r: sun.radial_velocity(time(r))),
        Keyword(
            name="DSUN_OBS",
            type="double",
            value=lambda record: sun.distance(time(record)),
            units="m",
            note="Distance from Sun's centre to the observer",
            format="%.2f",
        ),
    )


def origin(telescope: str, instrument: str, wavelength: float | None, wavelength_note: str = "") -> tuple[Keyword, ...]:
    """Whose data these are."""
    keywords = (
        Keyword(name="TELESCOP", type="string", value=telescope, note=f"{telescope}", scope="constant"),
        Keyword(name="INSTRUME", type="string", value=instrument, note=f"{telescope} instrument"),
    )
    if wavelength is None:
        return keywords
    line = Keyword(
        name="WAVELNTH",
        type="float",
        value=wavelength,
        units="angstrom",
        note=wavelength_note,
        format="%.1f",
        scope="constant",
    )
    return (*keywords, line)


def statistics(units: str, amplitude: float, salt: int) -> tuple[Keyword, ...]:
    """What the values of the image are like; missing without an image."""

    def missing_values(record: Record) -> int:
        return int(sun.noise(record.ordinal, salt + 3) * 40)

    def count(name: str, note: str, value: RecordValue) -> Keyword:
        return Keyword(name=name, type="int", value=unless_missing(value), note=note)

    def moment(name: str, note: str, value: RecordValue) -> Keyword:
        return Keyword(name=name, type="double", value=unless_missing(value), units=units, note=note, format="%.6g")

    return (
        count("TOTVALS", "Expected number of data values (pixels)", lambda record: PIXELS),
        count("DATAVALS", "Actual number of data values in image", lambda record: PIXELS - missing_values(record)),
        count("MISSVALS", "Missing values: TOTVALS - DATAVALS", missing_values),
        moment("DATAMIN", "Minimum value of all pixels", lambda r: -amplitude * (1 + sun.noise(r.ordinal, salt))),
        moment("DATAMAX", "Maximum value of all pixels", lambda r: amplitude * (1 + sun.noise(r.ordinal, salt + 1))),
        moment("DATAMEAN", "Average value", lambda r: amplitude * (sun.noise(r.ordinal, salt + 2) - 0.5)),
    )


def bookkeeping() -> tuple[Keyword, ...]:
    """Quality, history and one keyword of each rarer type."""
    return (
        Keyword(
            name="QUALITY",
            type="int",
            value=lambda record: quality(record.ordinal),
            note="Level 1 quality word",
            format="0x%08x",
            default="0xffffffff",
        ),
        Keyword(
            name="BIGCOUNT",
            type="longlong",
            value=lambda record: 2**53 + 1 + 2 * record.recnum,
            note="A count beyond what a double can hold",
            default="0",
        ),
        Keyword(name="NFRAMES", type="short", value=lambda record: 96 + record.ordinal % 5, note="Frames averaged"),
        Keyword(name="POLSTATE", type="char", value=lambda record: record.ordinal % 4 - 1, note="Polarisation state"),
        Keyword(
            name="CONTENT",
            type="string",
            value="stand-in data",
            note="What the image shows; wavelengths in \u00c5, angles in \u00b0, lengths in \u00b5m",
        ),
        Keyword(
            name="HISTORY",
            type="string",
            value=lambda record: f"Made by the stand-in from record {record.ordinal}\nwith 'defaults' of C:\\jsoc",
            note="Processing history",
            default="",
        ),
    )


def compression(segments: Sequence[str]) -> tuple[Keyword, ...]:
    """How each segment's values are packed."""
    return tuple(
        keyword
        for number, name in enumerate(segments)
        for keyword in (
            Keyword(name=f"cparms_sg{number:03}", type="string", value="compress Rice", default="compress Rice"),
            Keyword(name=f"{name}_bzero", type="double", value=0.0, format="%g", default="0"),
            Keyword(name=f"{name}_bscale", type="double", value=0.5, format="%g", default="0.5"),
        )
    )


def _real(name: str, units: str, note: str, value: RecordValue) -> Keyword:
    return Keyword(name=name, type="float", value=value, units=units, note=note)
