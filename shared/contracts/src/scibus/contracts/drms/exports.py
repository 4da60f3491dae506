"""Exports: who may order them, and their state at JSOC."""

from typing import Any

from pydantic import Field

from scibus.contracts.drms.base import Address, ServerQuestion
from scibus.contracts.model import Contract


class AddressQuery(ServerQuestion):
    """Which address to check. Nothing is registered and no mail is sent."""

    email: Address = Field(min_length=1)


class AddressCheck(Contract):
    """JSOC's word: 2 registered, 3 registration pending, 4 neither validated nor registered, -2 no valid address."""

    status: int
    msg: str = ""
    user_id: int | None = None


class ExportStatusQuery(ServerQuestion):
    """Which export to ask for."""

    requestid: str = Field(pattern=r"^JSOC_\d{8}_\d{3,}(_X)?(_IN)?$", examples=["JSOC_20261123_001"])


class ExportFile(Contract):
    """A file of an export and the record it was made from; `filename` is relative to the export's `dir`."""

    record: str
    filename: str


class ExportState(Contract):
    """An export as JSOC sees it: status 0 done, 1 processing, 2 or 12 queued, 3 too large, 4 failed, 5 expired.

    A quick order has no `requestid`: its files are listed at once, with full paths.
    """

    status: int
    requestid: str | None = None
    method: str | None = None
    protocol: str | None = None
    wait: float | None = Field(default=None, description="Seconds after which JSOC wants to be asked again.")
    count: int | None = None
    rcount: int | None = None
    size: float | None = Field(default=None, description="MB.")
    dir: str | None = None
    data: list[ExportFile] = []
    tarfile: str | None = None
    keywords: str | None = None
    exptime: str | None = None
    error: str | None = None
    warning: str | None = None
    contact: str | None = None

    def rows(self) -> list[dict[str, Any]]:
        """One row per file, or the state of an export that has none yet."""
        return [file.model_dump() for file in self.data] or [self.model_dump(exclude={"data"}, exclude_none=True)]
