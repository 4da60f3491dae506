"""What the images show: a solar disc of 64 by 64 pixels that differs from record to record."""

from __future__ import annotations

import math
import sys
from array import array

from scibus.sandbox.jsoc.archive.series import Record, Segment

from .fits import Image

SIZE = 64
RADIUS = 30
CENTRE = (SIZE - 1) / 2

# Segment type: array code, BITPIX, largest magnitude, value of a pixel without data.
FORMATS: dict[str, tuple[str, int, int, int | None]] = {
    "char": ("B", 8, 100, 255),
    "short": ("h", 16, 16_000, -32_768),
    "int": ("i", 32, 13_000, -2_147_483_648),
    "float": ("f", -32, 2_500, None),
}


def image_of(record: Record, segment: Segment) -> Image:
    """The image of `segment`; its pixels are scaled to the amplitude that suits the segment's type."""
    code, bitpix, amplitude, blank = FORMATS[segment.type]
    outside = math.nan if blank is None else blank
    values = [outside if level is None else amplitude * level for level in _disc(record.ordinal)]
    pixels = array(code, values if code == "f" else map(int, values))
    if sys.byteorder == "little":
        pixels.byteswap()
    return Image(bitpix, SIZE, SIZE, pixels.tobytes(), blank)


def _disc(ordinal: int) -> list[float | None]:
    """A level of [0, 1) for every pixel of the disc, None off the limb."""
    levels: list[float | None] = []
    for y in range(SIZE):
        for x in range(SIZE):
            if math.hypot(x - CENTRE, y - CENTRE) > RADIUS:
                levels.append(None)
            else:
                levels.append((x * 0.9 / SIZE + (x * y + 7 * ordinal) % 53 / 530) % 1.0)
    return levels
