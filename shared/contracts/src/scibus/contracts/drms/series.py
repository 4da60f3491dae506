"""Series: which there are, and what each is made of."""

from typing import Annotated, Any

from pydantic import Field

from scibus.contracts.drms.base import RecordSet, ServerQuestion, Text
from scibus.contracts.model import Contract

SeriesFilter = Annotated[
    Text | None,
    Field(
        description="POSIX regular expression on the series' name; a leading 'NOT ' excludes.", examples=["^hmi\\.m_"]
    ),
]


class SeriesQuery(ServerQuestion):
    """Which series to list."""

    ds_filter: SeriesFilter = None


class SeriesEntry(Contract):
    """A series, what identifies its records, and what it is."""

    name: str
    primekeys: list[str] = []
    note: str = ""


class SeriesList(Contract):
    """Series of a server, in its order."""

    n: int
    names: list[SeriesEntry]
    status: int = 0

    def rows(self) -> list[dict[str, Any]]:
        """One row per series."""
        return [entry.model_dump() | {"primekeys": ", ".join(entry.primekeys)} for entry in self.names]


class ExternalSeriesQuery(ServerQuestion):
    """Which series to list, those of JSOC's internal database included."""

    ds_filter: SeriesFilter = None
    info: bool = Field(default=False, description="Describe each series too.")


class ExternalSeries(Contract):
    """A series; `description` is there when it was asked for."""

    name: str
    description: str | None = None


class ExternalSeriesList(Contract):
    """Series of a server and of the database behind it, sorted by name. Prime keys are not known here."""

    seriesList: list[ExternalSeries]

    def rows(self) -> list[dict[str, Any]]:
        """One row per series."""
        return [entry.model_dump(exclude_none=True) for entry in self.seriesList]


class SeriesStructureQuery(ServerQuestion):
    """Which series to describe."""

    ds: RecordSet = Field(description="Name of the series.", examples=["hmi.v_45s"])


class PrimeKeyInfo(Contract):
    """A prime key; a slotted one has a step, in seconds for times."""

    name: str
    slotted: int
    step: float | None = None


class KeywordInfo(Contract):
    """A keyword: its type is one of char, short, int, longlong, float, double, time, string, or link."""

    name: str
    type: str
    recscope: str | None = None
    defval: str | None = None
    units: str | None = None
    note: str | None = None
    linkinfo: str | None = None


class SegmentInfo(Contract):
    """A segment; one that is reached by a link has neither units nor dims."""

    name: str
    type: str | None = None
    units: str | None = None
    protocol: str | None = None
    dims: str | None = None
    note: str | None = None


class LinkInfo(Contract):
    """A link to records of another series, STATIC or DYNAMIC."""

    name: str
    target: str | None = None
    kind: str | None = None
    note: str | None = None


class RecordInterval(Contract):
    """First and last record; all absent for a series without records."""

    FirstRecord: str | None = None
    FirstRecnum: int | None = None
    LastRecord: str | None = None
    LastRecnum: int | None = None
    MaxRecnum: int | None = None
    HasShadow: int | None = None


class SeriesStructure(Contract):
    """What a series is made of."""

    note: str = ""
    retention: int | None = None
    stagingretention: int | None = None
    unitsize: int | None = None
    archive: int | None = None
    tapegroup: int | None = None
    owner: str | None = None
    primekeys: list[str] = []
    primekeysinfo: list[PrimeKeyInfo] = []
    dbindex: list[str] = []
    keywords: list[KeywordInfo] = []
    segments: list[SegmentInfo] = []
    links: list[LinkInfo] = []
    Interval: RecordInterval = RecordInterval()
    runtime: float | None = None
    status: int = 0

    def rows(self) -> list[dict[str, Any]]:
        """One row per keyword."""
        return [keyword.model_dump() for keyword in self.keywords]
