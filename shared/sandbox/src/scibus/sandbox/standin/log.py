"""What a stand-in was asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request, noted before it is answered.

    Attributes:
        time: seconds since the epoch.
        op: what was asked for, in the backend's own words ("exp_status", "download").
        cgi: last part of the path.
        headers: of the request, their names in lower case.
    """

    time: float
    method: str
    path: str
    op: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def cgi(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "cgi": self.cgi}


class RequestLog:
    """The latest requests, oldest first; the oldest are forgotten when there are more than `limit`."""

    def __init__(self, limit: int = 10_000) -> None:
        self._entries: deque[Received] = deque(maxlen=limit)
        self._changed = asyncio.Event()

    def add(self, entry: Received) -> None:
        self._entries.append(entry)
        self._changed.set()

    def clear(self) -> None:
        self._entries.clear()

    def __iter__(self) -> Iterator[Received]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, op: str) -> list[Received]:
        """The requests for `op`."""
        return [entry for entry in self._entries if entry.op == op]

    def count(self, op: str) -> int:
        """How many requests for `op` there were."""
        return len(self.of(op))

    async def received(self, op: str, count: int = 1, timeout: float = 10.0) -> Received:
        """The `count`-th request for `op`, waiting for it if need be.

        Raises:
            TimeoutError: fewer than `count` came within `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            while self.count(op) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(op)[count - 1]
