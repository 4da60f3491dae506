"""Keywords: what DRMS knows about one and how it prints a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .times import iso_text, tai_text

if TYPE_CHECKING:
    from .series import Record

KeywordType = Literal["char", "short", "int", "longlong", "float", "double", "time", "string"]
Scope = Literal["variable", "constant", "segment"]
Value = int | float | str | None

MISSING = "MISSING"

DEFAULTS: dict[KeywordType, str] = {
    "char": "-128",
    "short": "-32768",
    "int": "-2147483648",
    "longlong": "-9223372036854775808",
    "float": "nan",
    "double": "nan",
    "time": "-4712.01.01_11:59_TAI",
    "string": "unknown",
}
FORMATS: dict[KeywordType, str] = {
    "char": "%d",
    "short": "%d",
    "int": "%d",
    "longlong": "%d",
    "float": "%f",
    "double": "%f",
    "time": "0",
    "string": "%s",
}


@dataclass(frozen=True, kw_only=True)
class Keyword:
    """One keyword of a series.

    Attributes:
        value: the value in a record, None when it is missing; a plain value is that of every record.
        format: printf format, for a time the number of decimals of a second.
        default: text of the value a new record would have.
        follows: "LINK->KEYWORD" when the value lives in a linked record.
        family: of a keyword that every segment has one of, the name without the segment's number.
    """

    name: str
    type: KeywordType
    value: Callable[[Record], Value] | Value = None
    units: str = "none"
    note: str = ""
    format: str = ""
    scope: Scope = "variable"
    default: str = ""
    follows: str | None = None
    family: str | None = None

    def of(self, record: Record) -> Value:
        """The value in `record`."""
        return self.value(record) if callable(self.value) else self.value

    def text(self, record: Record) -> str:
        """The value in `record` as DRMS prints it."""
        return self.print(self.of(record))

    def print(self, value: Value) -> str:
        if value is None:
            return MISSING
        if self.type == "time" and isinstance(value, int | float):
            return self._print_time(value)
        if self.format == "0x%08x" and isinstance(value, int):
            value &= 0xFFFFFFFF
        return (self.format or FORMATS[self.type]) % value

    @property
    def default_text(self) -> str:
        if self.scope == "constant" and not callable(self.value):
            return self.print(self.value)
        return self.default or DEFAULTS[self.type]

    def _print_time(self, value: float) -> str:
        precision = int(self.format or 0)
        return tai_text(value, precision) if self.units == "TAI" else iso_text(value, precision)
