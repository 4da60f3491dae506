"""Slices of genome files: ticket, blocks, checks; one stream of bytes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import httpx

from scibus.contracts.modos.slices import Format, Region
from scibus.modos.htsget.addresses import HtsgetFile
from scibus.modos.htsget.blocks import WIDTH, blocks_content
from scibus.modos.htsget.ending import FormatCheck, checked
from scibus.modos.htsget.renewing import ValidTicket
from scibus.modos.htsget.server import HtsgetServer
from scibus.modos.htsget.tickets import Ticket
from scibus.runtime.http.calls import Observe, unobserved
from scibus.runtime.http.resuming import StartAgain

TRIES = 3
"""How often a slice is begun."""
PAUSE = 0.5
Stored = TypeVar("Stored")


@dataclass(frozen=True)
class SliceOf:
    """What is wanted of which file."""

    file: HtsgetFile
    regions: Sequence[Region] = ()
    header_only: bool = False


def slice_with_records(file: HtsgetFile, regions: Sequence[Region]) -> SliceOf:
    """What to get of `file` to find the records of `regions` in it; servers refuse regions that hold nothing."""
    wanted = [region for region in regions if region.end is None or region.end > (region.start or 0)]
    return SliceOf(file, wanted, header_only=bool(regions) and not wanted)


class SliceStream:
    """One slice on its way; to be read once.

    Attributes:
        format: of the file that it is.
        blocks: pieces that it is made of.
    """

    def __init__(self, ticket: Ticket, content: AsyncGenerator[bytes, None], check: FormatCheck) -> None:
        self.format: Format = ticket.format
        self.blocks = len(ticket.blocks)
        self._content = content
        self._check = check

    @property
    def is_mended(self) -> bool:
        """Whether the server forgot the end-of-file block and it was added; known when the stream has ended."""
        return self._check.is_mended

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The bytes of a valid file.

        Raises:
            StartAgain: it must be read from its beginning, out of a new stream.
            BackendUnavailable: it cannot be had whole now (retryable).
            BadBackendAnswer: it is not what it should be; all of it must be thrown away.
        """
        async with aclosing(self._content) as blocks, aclosing(checked(blocks, self._check)) as pieces:
            async for piece in pieces:
                yield piece


class Slices:
    """Gets slices out of an htsget server.

    Args:
        server: has the tickets.
        http: for the blocks, as of `block_client`: it must add no login.
        observe: hears of each block that is fetched.
        width: blocks of one slice that are fetched at once.
    """

    def __init__(
        self,
        server: HtsgetServer,
        http: httpx.AsyncClient,
        observe: Observe = unobserved,
        *,
        width: int = WIDTH,
    ) -> None:
        self._server = server
        self._http = http
        self._observe = observe
        self._width = width

    async def open(self, wanted: SliceOf) -> SliceStream:
        """A slice of which the ticket is there; what it may raise see `HtsgetServer.ticket`."""
        ask = partial(self._server.ticket, wanted.file, wanted.regions, header_only=wanted.header_only)
        ticket = await ask()
        check = FormatCheck(ticket.format)
        valid = ValidTicket(ticket, ask)
        content = blocks_content(self._http, valid, width=self._width, observe=self._observe)
        return SliceStream(ticket, content, check)

    async def fetch(
        self, wanted: SliceOf, store: Callable[[SliceStream, AsyncGenerator[bytes, None]], Awaitable[Stored]]
    ) -> Stored:
        """Let `store` take the content of a slice, and return what it returns; called again when that was spoilt.

        Whatever `store` has taken when its content raises must not be kept.

        Raises:
            Unauthenticated, Forbidden, NotFound, InvalidRequest, TooLarge, Unsupported: the server refuses it.
            BackendUnavailable: it cannot be had whole now (retryable).
            BadBackendAnswer: it is not what it should be.
        """
        for tries in range(1, TRIES + 1):
            stream = await self.open(wanted)
            try:
                async with aclosing(stream.content()) as content:
                    return await store(stream, content)
            except StartAgain as again:
                if tries == TRIES:
                    raise again.problem from again
            await asyncio.sleep(PAUSE * tries)
        raise AssertionError("the last try returns or raises")
