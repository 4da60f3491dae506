"""Waiting for what another process does, and asking it over HTTP."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx

PORTS = 10_000, 32_000
"""Below those of connections that go out, on Linux and elsewhere."""


async def until(condition: Callable[[], Awaitable[bool] | bool], seconds: float = 30) -> None:
    """Wait until `condition` holds.

    Raises:
        TimeoutError: it does not within `seconds`, which are many: a machine may be slow, or stand still for a while.
    """
    async with asyncio.timeout(seconds):
        while not (holds if isinstance(holds := condition(), bool) else await holds):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


def free_port() -> int:
    """A port on which nobody listens now; none that the system gives away by itself before a worker has opened it."""
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


async def read_page(port: int, path: str) -> str:
    """The page at `path` of a worker's HTTP port."""
    async with httpx.AsyncClient() as http:
        return (await http.get(f"http://127.0.0.1:{port}{path}")).text
