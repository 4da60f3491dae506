"""Sequences of the reference by their digests."""

from .publishing import published
from .server import Refget

__all__ = ["Refget", "published"]
