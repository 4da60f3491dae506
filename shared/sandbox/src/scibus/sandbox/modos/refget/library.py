"""The sequences in the bucket, found by any of their names."""

from __future__ import annotations

import asyncio

from scibus.sandbox.modos.objects import REFERENCE_BUCKET, Buckets

from .digests import Digests
from .publishing import SEQUENCES


class Library:
    """Looks into the bucket each time, and remembers what its objects are called."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._known: dict[str, Digests] = {}

    async def find(self, name: str) -> tuple[Digests, bytes] | None:
        """The sequence of this name, which is one without prefix."""
        for key in await self._buckets.keys(REFERENCE_BUCKET, SEQUENCES):
            digests = self._known.get(key) or await self._learn(key)
            if digests is not None and name in digests.names():
                content = await self._buckets.read(REFERENCE_BUCKET, key)
                return (digests, content) if content else None
        return None

    async def _learn(self, key: str) -> Digests | None:
        content = await self._buckets.read(REFERENCE_BUCKET, key)
        if not content:
            return None
        self._known[key] = await asyncio.to_thread(Digests.of, content)
        return self._known[key]
