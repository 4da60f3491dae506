"""What a backend with live data offers the runtime: datasets, and cursors that read them in order."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from scibus.contracts.live import Position


class SourceMessage(NamedTuple):
    """One message of a dataset, as the source has it."""

    sequence: int
    time: int
    """When the source took it, in nanoseconds since 1970."""
    head: bytes
    """Its headers as NATS writes them, first line and end included; empty where there are none."""
    data: bytes


@dataclass(frozen=True)
class Reached:
    """The last message that was forwarded.

    Attributes:
        sequence: at the source.
        time: when the source took it; tells it from one of the same number in a source that began anew.
    """

    sequence: int
    time: datetime


@dataclass(frozen=True)
class Wanted:
    """What a subscription wants of its source.

    Attributes:
        id: of the subscription.
        dataset: its name.
        batch: messages at once, at most.
        place: the last message that was forwarded, or where to begin. None: where the source has kept a cursor of the
            subscription's name, and otherwise with the next message.
        order: all that was asked for, as JSON.
        bus: stands for the bus, so that cursors of two of them are told apart.
        most_bytes: of messages that may wait to be taken.
    """

    id: str
    dataset: str
    batch: int
    place: Reached | Position | None
    order: dict[str, Any]
    bus: str
    most_bytes: Callable[[], int]


class BeganAnew(Exception):
    """What was reached is not in the source any more: it began anew, and counts from the beginning."""


class CursorLost(Exception):
    """The cursor cannot go on, and has to be opened anew where it was left: nothing is wrong with the dataset."""


class Cursor(Protocol):
    """Reads a dataset from a place on, in order and each message once.

    Attributes:
        start: sequence from which on it gives messages.
        notice: worth telling of where that is.
    """

    start: int
    notice: str | None

    @property
    def lag(self) -> int | None:
        """Messages at the source that were not read yet, where that is known."""
        ...

    async def next(self, seconds: float) -> Sequence[SourceMessage]:
        """What has arrived; waits `seconds` for it, and is empty when nothing came.

        Raises:
            CursorLost: it has to be opened anew.
            BeganAnew: the source began anew.
            Problem: the source refuses, or is out of reach.
        """
        ...

    async def stored(self, messages: Sequence[SourceMessage]) -> None:
        """`messages`, the oldest that were read and not told yet, are kept on the bus: the source may forget them."""
        ...


class LiveSource(Protocol):
    """A backend whose datasets can be forwarded."""

    def open(self, wanted: Wanted) -> AbstractAsyncContextManager[Cursor]:
        """A cursor; entered once the source has accepted what is wanted.

        Raises:
            BeganAnew: what was reached is not in the source any more.
            CursorLost: somebody else got in the way.
            Forbidden, NotFound, Unauthenticated: the dataset is not ours to read, or not there.
            BackendUnavailable: the source is out of reach (retryable).
        """
        ...

    async def leave(self, wanted: Wanted, *, keep: bool) -> None:
        """The subscription ends: let the source `keep` its cursor, or forget it.

        Raises:
            Problem: it refuses, or is out of reach.
        """
        ...
