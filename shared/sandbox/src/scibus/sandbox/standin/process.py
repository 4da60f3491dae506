"""A stand-in as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from .stand_in import StandIn


async def serve(stand_in: StandIn) -> None:
    """Listen, print the addresses as one line of JSON, and serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with stand_in:
        sys.stdout.write(json.dumps(stand_in.addresses()) + "\n")
        sys.stdout.flush()
        await stop.wait()
