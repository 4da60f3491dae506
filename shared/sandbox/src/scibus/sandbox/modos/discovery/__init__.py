"""The MODOS server, which tells which objects there are and where the other services are."""

from .server import ModosServer

__all__ = ["ModosServer"]
