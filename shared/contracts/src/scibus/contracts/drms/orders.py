"""Orders of exports: which records, in which form, and who is told."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from scibus.contracts.drms.base import Address, RecordSet, ServerQuestion, Text
from scibus.contracts.drms.images import ImageOptions
from scibus.contracts.drms.processing import Processing

IMAGE_PROTOCOLS = ("jpg", "mpg", "mp4")
FITS_COMPRESSION = {"compress rice": "compress Rice", "**none**": "**NONE**"}


def _lower(given: object) -> object:
    return given.lower() if isinstance(given, str) else given


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


Method = Annotated[Literal["url_quick", "url", "url-tar", "ftp", "ftp-tar"], BeforeValidator(_lower)]
Protocol = Annotated[Text, AfterValidator(_protocol)]
ABOUT_PROTOCOL = "as-is, fits, jpg, mpg or mp4."


class AnyOrder(ServerQuestion):
    """What all orders of exports have in common."""

    ds: RecordSet
    notify: Address = Field(pattern=r"^\S+@\S+$", description="Registered e-mail address.")
    method: Method
    protocol: Protocol
    protocol_args: ImageOptions | None = Field(default=None, description="Only with jpg, mpg and mp4.")
    process: Processing = Field(
        default=None,
        description="Processing steps and their arguments.",
        examples=[{"rebin": {"method": "boxcar", "scale": 0.25}}],
    )
    sizeratio: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Size of the processed images over that of the whole ones: without it JSOC takes a cut-out for as "
        "large as what it is cut from, and may refuse it as too large.",
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


class ExportRequest(AnyOrder):
    """An order as it is sent to JSOC."""

    method: Method = "url_quick"
    protocol: Protocol = Field(default="as-is", description=ABOUT_PROTOCOL, examples=["fits"])
    filenamefmt: Text | None = Field(
        default=None, description="Template of file names.", examples=["{seriesname}.{T_REC:A}.{segment}"]
    )


class ExportOrder(AnyOrder):
    """An order that is followed until its files are fetched."""

    method: Method = Field(
        default="url", description="url-tar: all files in one tar; url_quick with as-is: the files where they lie."
    )
    protocol: Protocol = Field(default="fits", description=ABOUT_PROTOCOL)
    filenamefmt: Text | Literal[False] | None = Field(
        default=None,
        description="Template of file names; absent: one of series, prime keys and segment; false: JSOC's own.",
        examples=["{seriesname}.{T_REC:A}.{segment}"],
    )

    @model_validator(mode="after")
    def files_come_over_http(self) -> Self:
        """What was ordered over FTP could not be fetched."""
        if self.method.startswith("ftp"):
            raise ValueError("files are fetched over HTTP: the method is one of url_quick, url and url-tar")
        return self
