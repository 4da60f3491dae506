"""A worker with live data whose source is a file: `{"first": 1, "last": 100, "born": 0}` says which messages there are.

The message of a number is the same in every process; `born` is the second from which their times are counted. Every
dataset has the messages of that file, unless there is a file of its own beside it, `<dataset>.json`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.contracts import Service, request
from scibus.contracts.live import (
    Position,
    SeekOrder,
    SubscribeOrder,
    SubscriptionQuery,
    Subscriptions,
    SubscriptionsQuery,
    SubscriptionState,
    UnsubscribeOrder,
    subscription,
)
from scibus.contracts.problems import BackendUnavailable, Forbidden
from scibus.runtime import BeganAnew, CursorLost, Reached, SourceMessage, Wanted, Worker

SECOND = 1_000_000_000
SPACING = 1_000_000
"""Nanoseconds between two messages."""
LARGE = 100
BORN = 1_700_000_000


class Ticker(Service):
    """Counts."""

    subscribe = subscription(SubscribeOrder, summary="Forward a dataset")
    unsubscribe = request(UnsubscribeOrder, SubscriptionState, summary="End a subscription")
    seek = request(SeekOrder, SubscriptionState, summary="Go on elsewhere")
    pause = request(SubscriptionQuery, SubscriptionState, summary="Forward nothing for now")
    resume = request(SubscriptionQuery, SubscriptionState, summary="Go on")
    subscriptions = request(SubscriptionsQuery, Subscriptions, summary="Tell how the subscriptions stand")


class TickerSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SCIBUS_TICKER_")

    file: Path
    large: int = 0
    """Bytes of the message that is large."""


class Dial:
    """The files, as a test turns them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ticker.json"
        self.set()

    def set(self, last: int = 0, dataset: str = "ticker", *, first: int = 1, born: int = BORN, **more: Any) -> None:
        """Let a dataset, or all that have no file of their own, hold the messages `first` to `last`.

        Args:
            last: number of the last message.
            dataset: which.
            first: number of the first message.
            born: second from which times are counted; another one is a source that began anew.
            more: `away`, `lost`: nothing can be read, cursors are lost; `open`, `leave`: that takes until it is unset.
        """
        new = self.file.with_name(f"{dataset}.new")
        new.write_text(json.dumps({"first": first, "last": last, "born": born, **more}), encoding="utf-8")
        new.rename(self.file.with_name(f"{dataset}.json"))

    def noted(self, dataset: str) -> list[str]:
        """What cursors of the dataset went through: `opening`, `closed`, `leaving`, and what became of them then."""
        notes = self.file.with_name(f"{dataset}.notes")
        return notes.read_text(encoding="utf-8").split() if notes.exists() else []


class CountedSource:
    """The files, looked at a hundred times a second by whoever waits."""

    def __init__(self, settings: TickerSettings) -> None:
        self._settings = settings
        self._waiting: dict[str, asyncio.Future[None]] = {}

    def state(self, dataset: str) -> dict[str, Any]:
        own = self._settings.file.with_name(f"{dataset}.json")
        state: dict[str, Any] = json.loads((own if own.exists() else self._settings.file).read_text(encoding="utf-8"))
        return state

    def note(self, dataset: str, note: str) -> None:
        with self._settings.file.with_name(f"{dataset}.notes").open("a", encoding="utf-8") as notes:
            notes.write(f"{note}\n")

    async def _over(self, dataset: str, word: str) -> None:
        """Wait while the file says that `word` takes time."""
        while self.state(dataset).get(word):  # noqa: ASYNC110 - the test does it, and tells nobody
            await asyncio.sleep(0.01)

    async def watch(self) -> None:
        """Wake those who wait for a dataset when its file is another."""
        seen: dict[str, Any] = {}
        while True:
            await asyncio.sleep(0.01)
            for dataset in list(self._waiting):
                state = self.state(dataset)
                if seen.get(dataset) != state:
                    seen[dataset] = state
                    self._waiting.pop(dataset).set_result(None)

    async def changed(self, dataset: str, seconds: float) -> None:
        """Wait until there may be something new."""
        waiting = self._waiting.setdefault(dataset, asyncio.get_running_loop().create_future())
        await asyncio.wait([waiting], timeout=seconds)

    def message(self, number: int, born: int) -> SourceMessage:
        data = str(number).encode().ljust(self._settings.large, b"x") if number == LARGE else str(number).encode()
        head = b"NATS/1.0\r\nNats-Msg-Id: n-%d\r\nX-Unit: counts\r\nScibus-Odd: yes\r\n\r\n" % number
        return SourceMessage(number, born * SECOND + number * SPACING, head, data)

    @asynccontextmanager
    async def open(self, wanted: Wanted) -> AsyncIterator["Counter"]:
        if wanted.dataset == "secret":
            raise Forbidden("secret is not ours to read")
        state = self.state(wanted.dataset)
        if state.get("away"):
            raise BackendUnavailable("the counter is away")
        self.note(wanted.dataset, "opening")
        await self._over(wanted.dataset, "open")
        try:
            yield Counter(self, wanted, _following(wanted.place, state), state["born"])
        finally:
            self.note(wanted.dataset, "closed")

    async def leave(self, wanted: Wanted, *, keep: bool) -> None:
        self.note(wanted.dataset, "leaving")
        await self._over(wanted.dataset, "leave")
        self.note(wanted.dataset, "kept" if keep else "dropped")


class Counter:
    """A cursor of one dataset."""

    def __init__(self, source: CountedSource, wanted: Wanted, following: int, born: int) -> None:
        self._source = source
        self._dataset = wanted.dataset
        self._batch = wanted.batch
        self._following = self.start = following
        self._born = born
        self.notice: str | None = None
        self.lag: int | None = None

    async def next(self, seconds: float) -> Sequence[SourceMessage]:
        return self._now() or await self._later(seconds)

    async def _later(self, seconds: float) -> Sequence[SourceMessage]:
        await self._source.changed(self._dataset, seconds)
        return self._now()

    def _now(self) -> Sequence[SourceMessage]:
        state = self._source.state(self._dataset)
        if state.get("away"):
            raise BackendUnavailable("the counter is away")
        if state.get("lost"):
            raise CursorLost("the counter says so")
        if state["born"] != self._born:
            raise BeganAnew
        begin = max(self._following, state["first"])
        numbers = range(begin, min(state["last"], begin + self._batch - 1) + 1)
        self._following = begin + len(numbers)
        self.lag = max(state["last"] - self._following + 1, 0)
        return [self._source.message(number, state["born"]) for number in numbers]

    async def stored(self, messages: Sequence[SourceMessage]) -> None:
        """The file forgets nothing."""


def _following(place: Reached | Position | None, state: dict[str, Any]) -> int:
    if isinstance(place, Reached):
        if place.sequence > state["last"] or place.time.timestamp() < state["born"]:
            raise BeganAnew
        return place.sequence + 1
    if place is not None and place.sequence:
        return place.sequence
    if place is not None and place.time:
        since = place.time - datetime.fromtimestamp(state["born"], UTC)
        return max(-(-since // timedelta(microseconds=SPACING // 1000)), 1)
    return 1 if place is not None and place.offset == "begin" else int(state["last"]) + 1


async def open_source(settings: TickerSettings) -> AsyncIterator[CountedSource]:
    source = CountedSource(settings)
    watching = asyncio.create_task(source.watch())
    yield source
    watching.cancel()


worker = Worker(Ticker, TickerSettings, resources=[open_source], live=CountedSource)


if __name__ == "__main__":
    worker.run()
