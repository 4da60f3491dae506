"""Tickets that expire while their blocks are fetched."""

import asyncio
from collections.abc import Awaitable, Callable

from scibus.contracts.problems import BackendUnavailable
from scibus.modos.htsget.tickets import Block, Ticket
from scibus.runtime.http.resuming import StartAgain

AskTicket = Callable[[], Awaitable[Ticket]]


class ValidTicket:
    """The ticket in force, shared by all blocks under way.

    Args:
        ticket: the first one.
        ask: asks for the same again.
    """

    def __init__(self, ticket: Ticket, ask: AskTicket) -> None:
        self.ticket = ticket
        self.version = 0
        self._ask = ask
        self._turn = asyncio.Lock()

    def block(self, position: int) -> Block:
        """Where a block can be had now; to be called of those that are not in the ticket itself."""
        block = self.ticket.blocks[position]
        assert isinstance(block, Block)  # noqa: S101
        return block

    async def renew(self, version: int) -> None:
        """Have a newer ticket than `version`, whose URLs were refused; asked for once by all blocks under way.

        Raises:
            StartAgain: the new ticket is for other bytes.
            Problem: what the server says instead of a ticket.
        """
        async with self._turn:
            if self.version != version:
                return
            ticket = await self._ask()
            if not ticket.has_shape_of(self.ticket):
                raise StartAgain(BackendUnavailable("the file changed while its slice was fetched"))
            self.ticket = ticket
            self.version += 1
