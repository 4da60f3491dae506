"""Exports: who may order them, orders and their state at JSOC."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from scibus.contracts.drms.base import RecordSet, ServerQuestion, Text
from scibus.contracts.drms.images import ImageOptions
from scibus.contracts.drms.processing import Processing
from scibus.contracts.model import Contract

IMAGE_PROTOCOLS = ("jpg", "mpg", "mp4")
FITS_COMPRESSION = {"compress rice": "compress Rice", "**none**": "**NONE**"}

Method = Annotated[
    Literal["url_quick", "url", "url-tar", "ftp", "ftp-tar"],
    BeforeValidator(lambda given: given.lower() if isinstance(given, str) else given),
]


def _protocol(given: str) -> str:
    name, comma, option = given.partition(",")
    name = name.strip().lower()
    if name not in ("as-is", "fits", *IMAGE_PROTOCOLS):
        raise ValueError("must be one of as-is, fits, jpg, mpg, mp4")
    if not comma:
        return name
    if name != "fits" or option.strip().lower() not in FITS_COMPRESSION:
        raise ValueError("only fits takes an option here: 'fits,compress Rice' or 'fits,**NONE**'")
    return f"fits,{FITS_COMPRESSION[option.strip().lower()]}"


class AddressQuery(ServerQuestion):
    """Which address to check. Nothing is registered and no mail is sent."""

    email: Text = Field(min_length=1, max_length=254)


class AddressCheck(Contract):
    """JSOC's word: 2 registered, 3 registration pending, 4 neither validated nor registered, -2 no valid address."""

    status: int
    msg: str = ""
    user_id: int | None = None


class ExportRequest(ServerQuestion):
    """An order: which records, in which form, and who is told."""

    ds: RecordSet
    notify: Text = Field(pattern=r"^\S+@\S+$", max_length=254, description="Registered e-mail address.")
    method: Method = "url_quick"
    protocol: Annotated[Text, AfterValidator(_protocol)] = Field(
        default="as-is", description="as-is, fits, jpg, mpg or mp4.", examples=["fits"]
    )
    protocol_args: ImageOptions | None = Field(default=None, description="Only with jpg, mpg and mp4.")
    filenamefmt: Text | None = Field(
        default=None, description="Template of file names.", examples=["{seriesname}.{T_REC:A}.{segment}"]
    )
    process: Processing = Field(
        default=None,
        description="Processing steps and their arguments.",
        examples=[{"rebin": {"method": "boxcar", "scale": 0.25}}],
    )
    n: int | None = Field(default=None, description="First n records, or last |n| when negative.")
    requestor: Text | bool | None = Field(
        default=None, description="User id; absent: the local part of the address; false: none is sent."
    )

    @model_validator(mode="after")
    def only_images_take_arguments(self) -> Self:
        """JSOC would ignore them."""
        if self.protocol_args is not None and self.protocol not in IMAGE_PROTOCOLS:
            raise ValueError("protocol_args goes with the protocols jpg, mpg and mp4")
        return self


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
