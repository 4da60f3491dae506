"""Subscribing to a dataset in a program without an event loop."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from scibus.contracts.blocking import Waiting
from scibus.contracts.live.calls import BoundSubscribe, LiveSubscription, MessageCallback, Place
from scibus.contracts.live.messages import LiveMessage
from scibus.contracts.live.positions import Offset
from scibus.contracts.live.subscriptions import SubscribeOrder, SubscriptionState

Order = TypeVar("Order", bound=SubscribeOrder)


class BlockingSubscription:
    """A subscription and a reader of it; leaving a `with` closes the reader, and the subscription goes on.

    Its methods do what those of `LiveSubscription` do. A callback is called on another thread.
    """

    def __init__(self, live: LiveSubscription, waiting: Waiting) -> None:
        self._live = live
        self._waiting = waiting

    @property
    def id(self) -> str:
        """Of the subscription."""
        return self._live.id

    @property
    def state(self) -> SubscriptionState:
        """How the subscription stood when it was last asked."""
        return self._live.state

    def __iter__(self) -> Iterator[LiveMessage]:
        return self

    def __next__(self) -> LiveMessage:
        try:
            return self._waiting.wait(self._live.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None

    def done(self) -> None:
        """The message that came last counts as done, before the next one is asked for."""
        self._waiting.wait(self._live.done)

    def wait(self, messages: int | None = None, timeout: float | timedelta | datetime | None = None) -> int:
        """Wait until the callback has done `messages` more, or until `timeout`; how many it did meanwhile."""
        return self._waiting.wait(lambda: self._live.wait(messages, timeout))

    def seek(self, place: Place) -> SubscriptionState:
        """Let the subscription go on elsewhere, for all its readers; this one reads on from there."""
        return self._waiting.wait(lambda: self._live.seek(place))

    def status(self) -> SubscriptionState:
        """How the subscription stands now."""
        return self._waiting.wait(self._live.status)

    def pause(self) -> SubscriptionState:
        """Let it forward nothing for now."""
        return self._waiting.wait(self._live.pause)

    def resume(self) -> SubscriptionState:
        """Let it go on where it stopped."""
        return self._waiting.wait(self._live.resume)

    def unsubscribe(self, *, keep_cursor: bool = False) -> SubscriptionState:
        """End the subscription for everybody, and this reader."""
        return self._waiting.wait(lambda: self._live.unsubscribe(keep_cursor=keep_cursor))

    def close(self) -> None:
        """Stop reading."""
        self._waiting.wait(self._live.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.wait(lambda: self._live.__aexit__(kind, error, trace))


class BlockingSubscribe(Generic[Order]):
    """`bus.autobahn.subscribe("solar-wind")`: forward a dataset, and read it."""

    def __init__(self, bound: BoundSubscribe[Order], waiting: Waiting) -> None:
        self._bound = bound
        self._waiting = waiting
        self.__doc__ = bound.__doc__

    def __call__(
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
    ) -> BlockingSubscription:
        """Subscribe, and return a reader once the source has accepted. Takes and raises what `BoundSubscribe` does."""
        named: dict[str, Any] = {"id": id, "offset": offset, "sequence": sequence, "time": time, "batch": batch}
        live = self._waiting.wait(lambda: self._bound(dataset, **named, callback=callback, reader=reader, **more))
        return BlockingSubscription(live, self._waiting)

    def options(self, **changes: Any) -> Self:
        """The same with other `CallOptions`."""
        return type(self)(self._bound.options(**changes), self._waiting)
