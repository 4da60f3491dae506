"""What can be asked of the telescope. Callers install this module, and nothing of the worker is needed for it."""

from pydantic import Field

from scibus.contracts import BlobRef, Contract, Service, job, request


class PositionQuery(Contract):
    """Which target to look for."""

    target: str = Field(description="Name in the telescope's catalogue.", examples=["M31"])


class Position(Contract):
    """Where a target stands now, in degrees."""

    altitude: float
    azimuth: float


class ExposureOrder(Contract):
    """What to expose, and how long."""

    target: str = Field(description="Name in the telescope's catalogue.", examples=["M31"])
    seconds: float = Field(gt=0, le=3600, description="Exposure time.", examples=[30])


class Exposure(Contract):
    """A finished exposure: its number at the telescope, and its frame."""

    number: int
    frame: BlobRef


class Telescope(Service):
    """The telescope on the roof."""

    position = request(PositionQuery, Position, summary="Tell where a target stands now")
    expose = job(ExposureOrder, Exposure, summary="Expose a target and fetch the frame", attempts=4)
