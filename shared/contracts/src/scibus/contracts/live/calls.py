"""Subscribing to a dataset through a connected service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from scibus.contracts.calls import Caller, CallOptions
from scibus.contracts.live.messages import LiveMessage
from scibus.contracts.live.positions import Offset
from scibus.contracts.live.subscriptions import SubscribeOrder, SubscriptionState

if TYPE_CHECKING:
    from scibus.contracts.live.operation import SubscribeOperation

Order = TypeVar("Order", bound=SubscribeOrder)
MessageCallback = Callable[[LiveMessage], Awaitable[None] | None]
Place = int | datetime | Offset
"""A sequence number at the source, a time (UTC where it names no zone), or an end of the dataset."""


class LiveSubscription(Protocol):
    """A subscription and a reader of it; leaving an `async with` closes the reader, and the subscription goes on.

    A message counts as done when the next one is asked for, when the callback has returned, and where an `async with`
    is left without an exception. What is not done comes again to the next reader of the same name.
    """

    @property
    def id(self) -> str:
        """Of the subscription."""
        ...

    @property
    def state(self) -> SubscriptionState:
        """How the subscription stood when it was last asked."""
        ...

    def __aiter__(self) -> AsyncIterator[LiveMessage]:
        """The messages, without an end."""
        ...

    async def __anext__(self) -> LiveMessage: ...

    async def done(self) -> None:
        """The message that came last counts as done, before the next one is asked for."""
        ...

    async def wait(self, messages: int | None = None, timeout: float | timedelta | datetime | None = None) -> int:
        """Wait until the callback has done `messages` more, or until `timeout`; how many it did meanwhile.

        Raises:
            Exception: what the callback raised; the reader has stopped at that message.
            Problem: reading cannot go on.
        """
        ...

    async def seek(self, place: Place) -> SubscriptionState:
        """Let the subscription go on elsewhere, for all its readers; this one reads on from there.

        Raises:
            TypeError: `place` is none.
            NotFound: the subscription has ended.
        """
        ...

    async def status(self) -> SubscriptionState:
        """How the subscription stands now."""
        ...

    async def pause(self) -> SubscriptionState:
        """Let it forward nothing for now."""
        ...

    async def resume(self) -> SubscriptionState:
        """Let it go on where it stopped."""
        ...

    async def unsubscribe(self, *, keep_cursor: bool = False) -> SubscriptionState:
        """End the subscription for everybody, and this reader."""
        ...

    async def close(self) -> None:
        """Stop reading; raises what the callback raised, if nobody was told yet."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class BoundSubscribe(Generic[Order]):
    """`bus.autobahn.subscribe("solar-wind")`: forward a dataset, and read it."""

    def __init__(self, operation: "SubscribeOperation[Order]", caller: Caller, options: CallOptions) -> None:
        self._operation = operation
        self._caller = caller
        self._options = options
        self.__doc__ = operation.summary

    async def __call__(
        self,
        dataset: str,
        *,
        id: str | None = None,  # noqa: A002 - the field's name
        offset: Offset | None = None,
        sequence: int | None = None,
        time: datetime | None = None,
        batch: int | None = None,
        callback: MessageCallback | None = None,
        reader: str | None = None,
        **more: Any,
    ) -> LiveSubscription:
        """Subscribe, and return a reader once the source has accepted.

        Args:
            dataset: its name.
            id: of the subscription; by default the dataset's name, made a token.
            offset: where a new subscription begins, `"now"` when no place is named; where a reader begins.
            sequence: the same, by the number at the source.
            time: the same, by time; UTC where it names no zone.
            batch: messages asked of the source at once, at most.
            callback: called with each message, one after the other; otherwise iterate.
            reader: a name under which the reader's place is kept on the bus, so that it goes on where it stopped. One
                program at a time reads under a name: whoever comes takes it over.
            more: fields that only this service's order has.

        Raises:
            pydantic.ValidationError: the fields do not fit; nothing was sent.
            Forbidden: the dataset is not ours to read.
            NotFound: there is no such dataset.
            Conflict: the id is that of a subscription to another dataset.
            NoAnswer: no worker, or no bus.
        """
        named = {"id": id, "offset": offset, "sequence": sequence, "time": time, "batch": batch, **more}
        order = self._operation.model(
            dataset=dataset, **{name: value for name, value in named.items() if value is not None}
        )
        return await self._caller.follow(self._operation, order, self._options, callback=callback, reader=reader)

    def options(self, **changes: Any) -> Self:
        """The same with other `CallOptions`."""
        return type(self)(self._operation, self._caller, replace(self._options, **changes))
