"""nats-py without aiohttp, which it imports wherever that is installed and needs for WebSockets only.

Without this, aiohttp takes a third of the start of every worker and command.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

WANTED_LATER = ("aiohttp", "multidict")


class Later:
    """A module that is imported when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def import_nats() -> None:
    """Import nats-py; its own WebSockets work as ever, and import what they need when they begin."""
    if "nats.aio.transport" in sys.modules or "aiohttp" in sys.modules or find_spec("aiohttp") is None:
        return
    # What stands there as None counts as not installed.
    sys.modules["aiohttp"] = None  # type: ignore[assignment]
    try:
        transport = import_module("nats.aio.transport")
    finally:
        del sys.modules["aiohttp"]
    for name in WANTED_LATER:
        setattr(transport, name, Later(name))
