"""A subscription as a program has it: iterate, or be called, and steer it."""

import asyncio
import inspect
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from scibus.client.live.reader import Reader, ReaderClosed
from scibus.contracts.calls import Caller, CallOptions
from scibus.contracts.live import (
    LiveMessage,
    MessageCallback,
    Place,
    SeekOrder,
    SubscribeOperation,
    SubscriptionQuery,
    SubscriptionsQuery,
    SubscriptionState,
    UnsubscribeOrder,
)
from scibus.contracts.problems import NotFound

FOR_CALLBACK = "the messages of this subscription go to its callback: subscribe without one to iterate"


class Subscribed:
    """What `bus.autobahn.subscribe(...)` returns; see `LiveSubscription` for what it promises."""

    def __init__(
        self,
        caller: Caller,
        operation: SubscribeOperation[Any],
        state: SubscriptionState,
        reader: Reader,
        options: CallOptions,
        callback: MessageCallback | None,
    ) -> None:
        self.state = state
        self._caller = caller
        self._operation = operation
        self._reader = reader
        self._options = options
        self._callback = callback
        self._reading = asyncio.Lock()
        self._done = 0
        self._waited = 0
        self._news = asyncio.Condition()
        self._is_closed = False
        self._failure_is_told = False
        self._calling = asyncio.create_task(self._call(callback)) if callback else None

    @property
    def id(self) -> str:
        return self.state.id

    def __aiter__(self) -> Self:
        if self._callback is not None:
            raise TypeError(FOR_CALLBACK)
        return self

    async def __anext__(self) -> LiveMessage:
        if self._callback is not None:
            raise TypeError(FOR_CALLBACK)
        async with self._reading:
            if self._is_closed:
                raise StopAsyncIteration
            await self._reader.done()
            try:
                return await self._reader.next()
            except ReaderClosed:
                raise StopAsyncIteration from None

    async def done(self) -> None:
        if self._calling is None:
            await self._reader.done()

    async def wait(self, messages: int | None = None, timeout: float | timedelta | datetime | None = None) -> int:
        if self._calling is None:
            raise TypeError("wait counts what a callback has done: subscribe with callback=...")
        with suppress(TimeoutError):
            async with asyncio.timeout(_seconds(timeout)):
                await self._until_done(messages)
        done, self._waited = self._done - self._waited, self._done
        self._raise_failure()
        return done

    async def seek(self, place: Place) -> SubscriptionState:
        query = SeekOrder(id=self.id, **_named(place))
        self.state = await self._ask("seek", query)
        self._reader.jump(self.state.begins_after, self.state.epoch)
        return self.state

    async def status(self) -> SubscriptionState:
        found = await self._ask("subscriptions", SubscriptionsQuery(dataset=self.state.dataset))
        states: dict[str, SubscriptionState] = {state.id: state for state in found.subscriptions}
        if self.id not in states:
            raise NotFound(f"the subscription {self.id!r} has ended")
        self.state = states[self.id]
        return self.state

    async def pause(self) -> SubscriptionState:
        self.state = await self._ask("pause", SubscriptionQuery(id=self.id))
        return self.state

    async def resume(self) -> SubscriptionState:
        self.state = await self._ask("resume", SubscriptionQuery(id=self.id))
        return self.state

    async def unsubscribe(self, *, keep_cursor: bool = False) -> SubscriptionState:
        self.state = await self._ask("unsubscribe", UnsubscribeOrder(id=self.id, keep_cursor=keep_cursor))
        await self.close()
        return self.state

    async def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._calling is not None and self._calling is not asyncio.current_task():
            self._calling.cancel()
            await asyncio.gather(self._calling, return_exceptions=True)
        await self._reader.close()
        self._raise_failure()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and not self._is_closed:
            await self.done()
        await self.close()

    async def _call(self, callback: MessageCallback) -> None:
        """Hand each message to the callback; ends with what it raises."""
        try:
            while not self._is_closed:
                message = await self._reader.next()
                result = callback(message)
                if inspect.isawaitable(result):
                    await result
                await self._reader.done()
                self._done += 1
                async with self._news:
                    self._news.notify_all()
        finally:
            async with self._news:
                self._news.notify_all()

    async def _until_done(self, messages: int | None) -> None:
        async with self._news:
            await self._news.wait_for(
                lambda: self._has_ended or (messages is not None and self._done - self._waited >= messages)
            )

    @property
    def _has_ended(self) -> bool:
        return self._is_closed or self._calling is None or self._calling.done()

    def _raise_failure(self) -> None:
        calling = self._calling
        if calling is None or not calling.done() or calling.cancelled() or self._failure_is_told:
            return
        if (failure := calling.exception()) is not None:
            self._failure_is_told = True
            raise failure

    async def _ask(self, name: str, query: Any) -> Any:
        operation: Any = self._operation.sibling(name)
        return await self._caller.request(operation, query, self._options)


def _named(place: Place) -> dict[str, Any]:
    """The field that says `place`.

    Raises:
        TypeError: it is none.
    """
    if isinstance(place, bool) or not isinstance(place, int | datetime | str):
        raise TypeError(f"seek takes a sequence number, a datetime, 'begin' or 'now', not {type(place).__name__}")
    if isinstance(place, int):
        return {"sequence": place}
    return {"time": place} if isinstance(place, datetime) else {"offset": place}


def _seconds(timeout: float | timedelta | datetime | None) -> float | None:
    """Seconds from now; a time without a zone is UTC."""
    if isinstance(timeout, timedelta):
        return timeout.total_seconds()
    if isinstance(timeout, datetime):
        moment = timeout if timeout.tzinfo else timeout.replace(tzinfo=UTC)
        return (moment - datetime.now(UTC)).total_seconds()
    return timeout
