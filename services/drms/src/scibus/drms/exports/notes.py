"""What an attempt at an export leaves to the next one, as far as its order is concerned."""

from typing import Protocol

from scibus.contracts.model import Contract


class OrderNotes(Contract):
    """How far an order has come.

    Attributes:
        sent: it was sent, or was about to be, and no refusal was heard.
        requestid: the export that came of it.
        provisional: that export was found pending for the address, and may be somebody else's.
        finished: the server has finished it.
    """

    sent: bool = False
    requestid: str | None = None
    provisional: bool = False
    finished: bool = False


class Notebook(Protocol):
    """Where the notes are kept. Both methods may raise when somebody else goes on with the order."""

    @property
    def order(self) -> OrderNotes:
        """What was noted last, now or by an earlier attempt."""
        ...

    async def note(self, order: OrderNotes) -> None:
        """Keep `order`, whatever happens to this process afterwards."""
        ...

    async def tell(self, message: str) -> None:
        """Let whoever follows the export know what is waited for."""
        ...
