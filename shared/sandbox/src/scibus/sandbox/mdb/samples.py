"""Sample datasets, computed: message n of a dataset is the same wherever and whenever it is asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FIRST = datetime(2026, 1, 1, tzinfo=UTC)

Message = Callable[[int], dict[str, object]]


@dataclass(frozen=True)
class Sample:
    """What a dataset holds.

    Attributes:
        message: its n-th message.
        history: how many messages there are at the start.
        seconds: between two messages from then on; None when no more come.
    """

    message: Message
    history: int
    seconds: float | None = None

    def payload(self, n: int) -> bytes:
        return json.dumps(self.message(n)).encode()


def solar_wind(n: int) -> dict[str, object]:
    """Plasma and magnetic field, each second: a fast stream every 27 minutes, waves on top."""
    stream = 0.5 + 0.5 * math.sin(2 * math.pi * n / 1620)
    return {
        "time": _time(seconds=n),
        "speed_km_s": round(380 + 260 * stream + 8 * math.sin(n / 7), 1),
        "density_cm3": round(9.5 - 6.5 * stream + 0.4 * math.cos(n / 5), 2),
        "bz_nT": round(6 * math.sin(n / 47) + 1.5 * math.sin(n / 11), 2),
    }


def weather(n: int) -> dict[str, object]:
    """A station on the ground, every ten minutes."""
    day = math.sin(2 * math.pi * (n - 54) / 144)
    return {
        "time": _time(minutes=10 * n),
        "temperature_C": round(11 + 6 * day, 1),
        "pressure_hPa": round(1013 + 9 * math.sin(n / 90), 1),
        "wind_m_s": round(4 + 3 * math.sin(n / 13) ** 2, 1),
    }


def ephemeris(n: int) -> dict[str, object]:
    """A satellite on a circular orbit of 97 minutes, each minute."""
    angle = 2 * math.pi * n / 97
    return {
        "time": _time(minutes=n),
        "x_km": round(6928 * math.cos(angle), 3),
        "y_km": round(6928 * math.sin(angle) * math.cos(math.radians(97.6)), 3),
        "z_km": round(6928 * math.sin(angle) * math.sin(math.radians(97.6)), 3),
    }


def fast_wind(n: int) -> dict[str, object]:
    """What a standing query for fast solar wind finds."""
    return {"query": "speed_km_s > 600", **solar_wind(1620 * (n // 400) + 300 + n % 400)}


def key_material(n: int) -> dict[str, object]:
    """What few may read."""
    return {"time": _time(hours=n), "key": f"{n * 2654435761 % 2**32:08x}"}


SAMPLES = {
    "solar-wind": Sample(solar_wind, history=600, seconds=1.0),
    "weather": Sample(weather, history=100),
    "Orbit.Ephemeris": Sample(ephemeris, history=97),
    "streamql-q1": Sample(fast_wind, history=20),
    "secret": Sample(key_material, history=5),
}

READERS = {
    "solar-wind": ("alice",),
    "weather": ("alice", "bob"),
    "Orbit.Ephemeris": ("alice",),
    "streamql-q1": ("alice",),
    "secret": (),
}


def _time(**since_first: float) -> str:
    return (FIRST + timedelta(**since_first)).isoformat().replace("+00:00", "Z")
