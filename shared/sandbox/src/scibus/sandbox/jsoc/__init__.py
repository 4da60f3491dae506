"""A stand-in for JSOC, Stanford's solar archive: its wire format, its quirks and computed sample data."""

from .stand_in import JsocStandIn

__all__ = ["JsocStandIn"]
