"""A stand-in for a MODOS deployment: discovery server, objects, htsget, refget, fuzon, key service and login."""

from .objects import S3Place
from .stand_in import ModosStandIn

__all__ = ["ModosStandIn", "S3Place"]
