"""The blocks of a ticket as one stream: fetched side by side, handed on in order."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from scibus.contracts.problems import BadBackendAnswer
from scibus.modos.htsget.buffers import Buffer
from scibus.modos.htsget.fetching import Fetch
from scibus.modos.htsget.renewing import ValidTicket
from scibus.modos.htsget.tickets import Inline
from scibus.runtime.http.calls import Observe, unobserved
from scibus.runtime.http.large_reads import read_in_large_pieces

WIDTH = 4
"""Blocks under way."""
MOST_UNDER_WAY = 8 * 1024 * 1024
"""Bytes that wait to be handed on, over all blocks under way."""


def block_client(*, read_timeout: float = 60.0, connect_timeout: float = 10.0) -> httpx.AsyncClient:
    """Connections to block hosts: with no login, and no redirect followed by itself."""
    client = httpx.AsyncClient(
        timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        follow_redirects=False,
    )
    return read_in_large_pieces(client)


class _UnderWay:
    """A block that is fetched by a task of its own."""

    def __init__(self, fetch: Fetch, ceiling: int) -> None:
        self.buffer = Buffer(ceiling)
        self.task = asyncio.create_task(self._fill(fetch))

    async def _fill(self, fetch: Fetch) -> None:
        try:
            async with aclosing(fetch.content()) as pieces:
                async for piece in pieces:
                    await self.buffer.put(piece)
        except Exception as failure:  # noqa: BLE001 - whoever reads the block raises it
            self.buffer.end(failure)
        else:
            self.buffer.end()


async def blocks_content(
    http: httpx.AsyncClient,
    valid: ValidTicket,
    *,
    width: int = WIDTH,
    most_under_way: int = MOST_UNDER_WAY,
    observe: Observe = unobserved,
) -> AsyncGenerator[bytes, None]:
    """The bytes of all blocks, one after the other, against the checksum where the ticket has one.

    Raises:
        StartAgain: they must be fetched from the beginning.
        BackendUnavailable: a block cannot be had now (retryable).
        BadBackendAnswer: a block, or the whole, is not what the ticket says; known of the whole only at its end.
    """
    md5 = hashlib.md5(usedforsecurity=False) if valid.ticket.md5 else None
    blocks = valid.ticket.blocks
    under_way: deque[_UnderWay] = deque()
    begun = 0
    try:
        for block in blocks:
            while begun < len(blocks) and len(under_way) < width:
                if not isinstance(blocks[begun], Inline):
                    under_way.append(_UnderWay(Fetch(http, valid, begun, observe), most_under_way // width))
                begun += 1
            if isinstance(block, Inline):
                if md5:
                    md5.update(block.data)
                yield block.data
                continue
            buffer = under_way[0].buffer
            while (piece := await buffer.take()) is not None:
                if md5:
                    md5.update(piece)
                yield piece
            under_way.popleft()
    finally:
        tasks = [fetched.task for fetched in under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if md5 and md5.hexdigest() != valid.ticket.md5:
        raise BadBackendAnswer("what came is not what the ticket has the checksum of (md5): it was not kept")
