"""Which records are flawed: a fixed pattern of quality words."""

from __future__ import annotations

# Bit 31 of QUALITY, "no image", which makes the word negative.
IMAGE_MISSING = -0x80000000
FLAWED = 0x00000400


def quality(ordinal: int) -> int:
    """The quality word of a record, a signed 32-bit integer: 1 of 1009 records has no image, 1 of 211 is flawed."""
    if ordinal % 1009 == 500:
        return IMAGE_MISSING
    return FLAWED if ordinal % 211 == 100 else 0


def image_exists(ordinal: int) -> bool:
    return quality(ordinal) >= 0
