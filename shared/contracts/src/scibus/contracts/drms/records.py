"""Record sets: their count, their values as JSOC lists them, their values as a typed table."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from scibus.contracts.drms.base import RecordSet, ServerQuestion, Text, sendable
from scibus.contracts.model import Contract, Names, split_names


def _sendable_names(names: Any) -> Any:
    for name in split_names(names):
        sendable(name)
        if "," in name:
            raise ValueError(f"a name holds no comma: {name[:80]!r}")
    return names


SendableNames = Annotated[Names, AfterValidator(_sendable_names)]


class ValuesQuestion(ServerQuestion):
    """Which values to list for which records."""

    ds: RecordSet
    key: SendableNames = Field(default=(), description="Keywords to list; '**ALL**' for all of them.")
    seg: SendableNames = Field(default=(), description="Segments to list; '**ALL**' for all of them.")
    link: SendableNames = Field(default=(), description="Links to list; '**ALL**' for all of them.")
    n: int | None = Field(default=None, description="First n records, or last |n| when negative.")

    @model_validator(mode="after")
    def something_is_asked(self) -> Self:
        """JSOC would answer with a bare count."""
        if not (split_names(self.key) or split_names(self.seg) or split_names(self.link)):
            raise ValueError("name at least one of key, seg and link")
        return self


class RecordSetQuery(ValuesQuestion):
    """Which values to list for which records, in JSOC's own text form."""

    recinfo: bool = Field(default=False, description="List the name of each record too.")
    uid: Text | None = Field(default=None, description="Session id, passed on as userhandle.")


class TableQuery(ValuesQuestion):
    """Which values to return, as a typed table, for which records."""

    rec_index: bool = Field(default=False, description="Let a first column `record` name each record.")
    utc: bool = Field(default=False, description="Follow each time column by `<name>_utc`, the same instants in UTC.")


class KeywordValues(Contract):
    """Values of one keyword, one per record: text as JSOC prints it; numbers for `*recnum*` and `*sunum*`."""

    name: str
    values: list[str | int]


class SegmentValues(Contract):
    """Paths of one segment's files, one per record; `cparms`, `bzeros` and `bscales` may have fewer members."""

    name: str
    values: list[str]
    dims: list[str] = []
    cparms: list[str] = []
    bzeros: list[str] = []
    bscales: list[str] = []


class LinkValues(Contract):
    """Targets of one link, one per record."""

    name: str
    values: list[str]


class RecordInfo(Contract):
    """Name of a record; `online` is 1 when its last listed segment is on disk."""

    name: str
    online: int


class RecordList(Contract):
    """Values of a record set, column by column. An empty record set has columns without values."""

    count: int
    keywords: list[KeywordValues] = []
    segments: list[SegmentValues] = []
    links: list[LinkValues] = []
    recinfo: list[RecordInfo] = []
    runtime: float | None = None
    status: int = 0

    def rows(self) -> list[dict[str, Any]]:
        """One row per record."""
        columns: dict[str, list[Any]] = {"record": [info.name for info in self.recinfo]} if self.recinfo else {}
        listed: list[KeywordValues | SegmentValues | LinkValues] = [*self.keywords, *self.segments, *self.links]
        columns.update({column.name: list(column.values) for column in listed})
        return [{name: values[i] for name, values in columns.items()} for i in range(self.count)]


class RecordSetSummaryQuery(ServerQuestion):
    """Which records to count."""

    ds: RecordSet


class RecordCount(Contract):
    """Number of records in a record set."""

    count: int
    runtime: float | None = None
    status: int = 0
