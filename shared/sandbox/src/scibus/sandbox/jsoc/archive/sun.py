"""Where the Sun stands and what is seen there: smooth, cheap and the same in every run."""

from __future__ import annotations

import math

from .times import DAY

# Julian date of 1977.01.01_00:00:00_TAI.
JULIAN_EPOCH = 2443144.5
CARRINGTON_EPOCH = 2398220.0
CARRINGTON_DAYS = 27.2753
YEAR_DAYS = 365.25
AU = 149597870691.0
SUN_RADIUS = 6.96e8
ARCSEC = math.degrees(1) * 3600


def carrington_rotation(time: float) -> int:
    return math.ceil(_rotations(time))


def carrington_longitude(time: float) -> float:
    """Degrees of the central meridian; it falls from 360 to 0 within a rotation."""
    return 360.0 * (math.ceil(_rotations(time)) - _rotations(time))


def heliographic_latitude(time: float) -> float:
    """Degrees of the observer above the solar equator, greatest in early September."""
    return 7.25 * math.sin(2 * math.pi * (time / DAY / YEAR_DAYS - 0.432))


def distance(time: float) -> float:
    """Metres from the Sun, least in early January."""
    return AU * (1 - 0.0167 * math.cos(2 * math.pi * (time / DAY - 3) / YEAR_DAYS))


def apparent_radius(time: float) -> float:
    """Arc seconds."""
    return SUN_RADIUS / distance(time) * ARCSEC


def radial_velocity(time: float) -> float:
    """Metres a second, by the daily orbit of the observatory."""
    return 3200.0 * math.sin(2 * math.pi * time / DAY)


def noise(ordinal: int, salt: int) -> float:
    """A number of [0, 1) that looks random and never changes."""
    word = (ordinal * 2654435761 + salt * 2246822519) & 0xFFFFFFFF
    word = (word ^ (word >> 15)) * 2654435761 & 0xFFFFFFFF
    return (word ^ (word >> 13)) / 2**32


def _rotations(time: float) -> float:
    return (time / DAY + JULIAN_EPOCH - CARRINGTON_EPOCH) / CARRINGTON_DAYS
