"""Series, what they are made of, and their records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from .axes import Axis, Key, SlottedTimes
from .keywords import Keyword
from .quality import image_exists

SEGMENT_INDEX = re.compile(r"\[(\d+)\]$")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One file of a record.

    Attributes:
        megabytes: what the archive would count for one file; the files served are much smaller.
        follows: "LINK->SEGMENT" when the file belongs to a linked record.
    """

    name: str
    type: str = "int"
    units: str = "none"
    protocol: str = "fits"
    dims: str = "4096x4096"
    note: str = ""
    megabytes: int = 16
    bzero: str = "0"
    bscale: str = "1"
    cparms: str = "compress Rice"
    follows: str | None = None


@dataclass(frozen=True, kw_only=True)
class Link:
    """A reference to the records of another series: by prime keys when dynamic, by record number when static."""

    name: str
    target: str
    kind: Literal["STATIC", "DYNAMIC"] = "DYNAMIC"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series.

    Attributes:
        number: distinguishes its storage units from those of other series.
        prime_keys: the values of each prime key, which together number the records.
        window: for the first prime key's value of that number, the slots of the second at which it has records;
            every value has equally many.
        unkeyed: number of records when there are no prime keys.
        record_limit: most records that one export may open.
        offline: whether the record of that number has its storage unit on tape only.
    """

    name: str
    note: str
    number: int
    prime_keys: Mapping[str, Axis]
    keywords: tuple[Keyword, ...]
    segments: tuple[Segment, ...] = ()
    links: tuple[Link, ...] = ()
    window: Callable[[int], range] | None = None
    unkeyed: int = 0
    first_recnum: int = 1
    retention: int = 60
    unitsize: int = 32
    record_limit: int = 32_000
    offline: Callable[[int], bool] = field(default=lambda ordinal: False)

    @cached_property
    def width(self) -> int:
        """How many records share one value of the first prime key."""
        if self.window is not None:
            return len(self.window(0))
        _, *inner = self.prime_keys.values()
        return len(inner[0]) if inner else 1

    def __len__(self) -> int:
        if not self.prime_keys:
            return self.unkeyed
        return len(next(iter(self.prime_keys.values()))) * self.width

    def record(self, ordinal: int) -> Record:
        """The record of that number, counted from 0."""
        if not self.prime_keys:
            return Record(self, ordinal, ())
        first, *inner = self.prime_keys.values()
        row, column = divmod(ordinal, self.width)
        if self.window is not None:
            column += self.window(row).start
        return Record(self, ordinal, (first[row], *(axis[column] for axis in inner)))

    def keyword(self, name: str) -> Keyword | None:
        """The keyword of that name; NAME[0] is the one of the first segment."""
        return self._keywords_by_name.get(SEGMENT_INDEX.sub(lambda index: f"_{int(index[1]):03}", name.lower()))

    def segment(self, name: str) -> Segment | None:
        return next((segment for segment in self.segments if segment.name.lower() == name.lower()), None)

    def link(self, name: str) -> Link | None:
        return next((link for link in self.links if link.name.lower() == name.lower()), None)

    def step(self, prime_key: str) -> float | None:
        """Seconds between the slots of a prime key, None when it has none."""
        axis = self.prime_keys[prime_key]
        return axis.step if isinstance(axis, SlottedTimes) else None

    @cached_property
    def _keywords_by_name(self) -> dict[str, Keyword]:
        return {keyword.name.lower(): keyword for keyword in self.keywords}


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number in the series and the values of its prime keys."""

    series: Series
    ordinal: int
    keys: tuple[Key, ...]

    @property
    def recnum(self) -> int:
        return self.series.first_recnum + self.ordinal

    @property
    def name(self) -> str:
        """Series[key][key], or Series[:#recnum] without prime keys."""
        if not self.keys:
            return f"{self.series.name}[:#{self.recnum}]"
        return self.series.name + "".join(f"[{text}]" for text in self.key_texts)

    @property
    def key_texts(self) -> list[str]:
        """The prime keys' values as DRMS prints them."""
        return [
            keyword.print(key)
            for key, keyword in zip(self.keys, map(self.series.keyword, self.series.prime_keys), strict=True)
            if keyword is not None
        ]

    @property
    def has_image(self) -> bool:
        return image_exists(self.ordinal)

    @property
    def online(self) -> bool:
        return not self.series.offline(self.ordinal)
