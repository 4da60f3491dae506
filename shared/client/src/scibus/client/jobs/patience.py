"""How long to look for a job on a bus that does not answer."""

from collections.abc import Awaitable
from typing import TypeVar

from nats.aio.client import Client

from scibus.bus.errors import NoAnswer

Found = TypeVar("Found")

FIRST_LOOKS = 3


class Patience:
    """A connection that is lost comes back by itself; one that never showed a job is not waited for."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._tries: float = FIRST_LOOKS

    async def look(self, looking: Awaitable[Found]) -> Found | None:
        """What `looking` finds; None when the bus does not answer now.

        Raises:
            NoAnswer: the connection is closed, or the bus has not answered any of the first looks.
        """
        try:
            found = await looking
        except NoAnswer:
            self._tries -= self._connection.is_connected
            if self._connection.is_closed or self._tries <= 0:
                raise
            return None
        self._tries = float("inf")
        return found
