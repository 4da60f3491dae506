"""A stand-in in another process, told what to do."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Any
from urllib.request import Request, urlopen

from .control import ACTIONS, CONTROL_PATH
from .faults import Fault

POLL_INTERVAL = 0.02


class StandInControl:
    """Remote control of the stand-in at `url`, with the words of the stand-in itself."""

    def __init__(self, url: str) -> None:
        self._base = url.rstrip("/") + CONTROL_PATH

    async def inject(self, fault: Fault) -> None:
        await self._call("POST", "faults", asdict(fault))

    async def clear_faults(self) -> None:
        await self._call("DELETE", "faults")

    async def configure(self, **settings: object) -> dict[str, Any]:
        """Change settings and return all of them."""
        answer: dict[str, Any] = await self._call("POST", "settings", settings)
        return answer

    async def act(self, action: str, /, *, patience: float = 60.0, **parameters: object) -> Any:
        """Have `action` done to the backend; its result when it is done, which may take up to `patience` seconds."""
        return await self._call("POST", ACTIONS + action, parameters, patience)

    async def requests(self, op: str | None = None) -> list[dict[str, Any]]:
        """The requests received, all of them or those for `op`."""
        entries: list[dict[str, Any]] = await self._call("GET", "requests")
        return [entry for entry in entries if op in (None, entry["op"])]

    async def forget_requests(self) -> None:
        await self._call("DELETE", "requests")

    async def count(self, op: str) -> int:
        return len(await self.requests(op))

    async def received(self, op: str, count: int = 1, timeout: float = 10.0) -> dict[str, Any]:
        """The `count`-th request for `op`, waiting for it if need be."""
        async with asyncio.timeout(timeout):
            while len(entries := await self.requests(op)) < count:  # noqa: ASYNC110 - another process has no event to wait for
                await asyncio.sleep(POLL_INTERVAL)
        return entries[count - 1]

    async def _call(self, method: str, name: str, document: object = None, patience: float = 10.0) -> Any:
        body = None if document is None else json.dumps(document).encode()
        request = Request(self._base + name, body, method=method)  # noqa: S310
        return await asyncio.to_thread(self._call_blocking, request, patience)

    @staticmethod
    def _call_blocking(request: Request, patience: float) -> Any:
        with urlopen(request, timeout=patience) as answer:  # noqa: S310
            return json.load(answer)
