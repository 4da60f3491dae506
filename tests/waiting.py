"""Waiting for what another process does, and asking it over HTTP."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import httpx


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    """Wait until `condition` holds.

    Raises:
        TimeoutError: it does not within `seconds`.
    """
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process does it, and tells nobody
            await asyncio.sleep(0.05)


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def read_page(port: int, path: str) -> str:
    """The page at `path` of a worker's HTTP port."""
    async with httpx.AsyncClient() as http:
        return (await http.get(f"http://127.0.0.1:{port}{path}")).text
