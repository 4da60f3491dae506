"""FITS files of one image, written by the standard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BLOCK = 2880
CARD = 80
VALUE_WIDTH = 20

CardValue = bool | int | float | str


@dataclass(frozen=True)
class Image:
    """Pixels in the byte order of FITS.

    Attributes:
        blank: value of pixels without data, for integer images.
    """

    bitpix: int
    width: int
    height: int
    pixels: bytes
    blank: int | None = None


def fits_file(image: Image, cards: Iterable[tuple[str, CardValue]]) -> bytes:
    """A file with `image` as its primary array; cards named HISTORY may be many."""
    structure: list[tuple[str, CardValue]] = [
        ("SIMPLE", True),
        ("BITPIX", image.bitpix),
        ("NAXIS", 2),
        ("NAXIS1", image.width),
        ("NAXIS2", image.height),
        ("EXTEND", True),
    ]
    if image.blank is not None:
        structure.append(("BLANK", image.blank))
    lines = [_card(name, value) for name, value in (*structure, *cards)]
    header = "".join((*lines, "END".ljust(CARD))).encode("ascii")
    return _padded(header, b" ") + _padded(image.pixels, b"\0")


def _card(name: str, value: CardValue) -> str:
    if name == "HISTORY":
        return f"HISTORY {_ascii(str(value))}"[:CARD].ljust(CARD)
    return f"{name:<8}= {_value(value)}"[:CARD].ljust(CARD)


def _value(value: CardValue) -> str:
    if isinstance(value, bool):
        return ("T" if value else "F").rjust(VALUE_WIDTH)
    if isinstance(value, int):
        return str(value).rjust(VALUE_WIDTH)
    if isinstance(value, float):
        return f"{value:.12G}".rjust(VALUE_WIDTH)
    quoted = _ascii(value).replace("'", "''")[: CARD - 12]
    return f"'{quoted:<8}'"


def _ascii(text: str) -> str:
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def _padded(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % BLOCK)
