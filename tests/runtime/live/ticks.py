"""Subscriptions of the ticker as any NATS client sees them: asked for, steered, and read with nothing but nats-py."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig

from scibus.bus.connection import close_connection, open_connection
from scibus.bus.records import is_mark
from scibus.bus.settings import BusSettings
from scibus.bus.stored import StoredMessage, api, last_message
from scibus.bus.walking import walk
from scibus.client import Bus
from scibus.contracts.live import SubscribeOrder, SubscriptionState
from scibus.runtime import LiveData, Metrics
from scibus.runtime.settings import WorkerSettings
from scibus.runtime.topology import prepare_topology
from tests.runtime.live.ticker import Dial, Ticker, TickerSettings, open_source
from tests.waiting import until

MUCH = 1_000_000_000
"""So many messages are never all forwarded, however fast the machine is and whoever stands still meanwhile."""
KV = "KV_scibus_subscriptions"


class Ticks:
    """The subscriptions of the ticker."""

    def __init__(self, bus: Bus, dial: Dial) -> None:
        self.bus = bus
        self.dial = dial
        self.connection = bus.connection
        self.service = bus.service(Ticker)

    @staticmethod
    def order(dataset: str, **fields: Any) -> SubscribeOrder:
        """From the beginning on, where nothing else is said."""
        return SubscribeOrder(dataset=dataset, **{"offset": "begin", **fields})

    async def subscribe(self, dataset: str, **fields: Any) -> SubscriptionState:
        """Subscribe, and read nothing."""
        return await self.bus.request(Ticker.subscribe, self.order(dataset, **fields))

    async def seek(self, name: str, **place: Any) -> SubscriptionState:
        return await self.bus.request(Ticker.seek, Ticker.seek.model(id=name, **place))

    async def pause(self, name: str) -> SubscriptionState:
        return await self.bus.request(Ticker.pause, Ticker.pause.model(id=name))

    async def resume(self, name: str) -> SubscriptionState:
        return await self.bus.request(Ticker.resume, Ticker.resume.model(id=name))

    async def unsubscribe(self, name: str, **fields: Any) -> SubscriptionState:
        return await self.bus.request(Ticker.unsubscribe, Ticker.unsubscribe.model(id=name, **fields))

    async def states(self) -> dict[str, SubscriptionState]:
        """Those that there are, by id."""
        told = await self.bus.request(Ticker.subscriptions, Ticker.subscriptions.model())
        return {state.id: state for state in told.subscriptions}

    async def state(self, name: str) -> SubscriptionState:
        return (await self.states())[name]

    async def stored(self, name: str) -> StoredMessage | None:
        """The record, or the mark that it was removed."""
        return await last_message(self.connection, KV, f"$KV.scibus_subscriptions.ticker.{name}")

    async def record(self, name: str) -> dict[str, Any]:
        stored = await self.stored(name)
        assert stored is not None
        record: dict[str, Any] = json.loads(stored.data)
        return record

    async def records(self) -> list[str]:
        """Ids of which there are records."""
        names = []
        async for message in walk(self.connection, KV, "$KV.scibus_subscriptions.ticker.*"):
            names += [] if is_mark(message.headers) else [message.subject.rpartition(".")[2]]
        return names

    async def rewrite(self, name: str, **changes: Any) -> None:
        """Change the record, whatever it is."""
        record = await self.record(name) | changes
        await self.connection.publish(f"$KV.scibus_subscriptions.ticker.{name}", json.dumps(record).encode())

    async def last(self, name: str) -> tuple[int, int]:
        """Epoch and sequence of the last message on the data subject."""
        message = await last_message(self.connection, "SCIBUS_DATA", f"scibus.v1.data.ticker.{name}")
        return place(message.headers) if message else (0, 0)

    async def reaches(self, name: str, sequence: int, epoch: int = 1, seconds: float = 60) -> None:
        """Wait until that is the last message."""

        async def there() -> bool:
            return await self.last(name) == (epoch, sequence)

        await until(there, seconds)

    async def is_under_way(self, name: str, epoch: int = 1) -> None:
        """Wait until some messages of the epoch are there."""

        async def there() -> bool:
            return (await self.last(name))[0] == epoch

        await until(there)

    async def notes(self, dataset: str, note: str) -> None:
        """Wait until a cursor of the dataset has gone through that."""
        await until(lambda: note in self.dial.noted(dataset))

    async def tells(self, name: str, **members: Any) -> None:
        """Wait until the record says so."""

        async def there() -> bool:
            return members.items() <= (await self.record(name)).items()

        await until(there)

    async def messages(self, name: str) -> list[Msg]:
        """All that is on the data subject, in its order."""
        js = self.connection.jetstream()
        config = ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=30)
        consumer = await js.pull_subscribe(f"scibus.v1.data.ticker.{name}", stream="SCIBUS_DATA", config=config)
        info, found = await consumer.consumer_info(), []
        while len(found) < info.num_pending:
            found += await consumer.fetch(min(500, info.num_pending - len(found)), timeout=30)
        await js.delete_consumer("SCIBUS_DATA", info.name)
        await consumer.unsubscribe()
        return found

    async def forwarded(self, name: str) -> list[tuple[int, int]]:
        """Epochs and sequences of all that is on the data subject, in its order."""
        return [place(message.headers or {}) for message in await self.messages(name)]

    async def consumers(self) -> list[str]:
        """Those that read the data."""
        told = await api(self.connection, "CONSUMER.NAMES.SCIBUS_DATA")
        names: list[str] = told["consumers"] or []
        return names


def place(headers: dict[str, str]) -> tuple[int, int]:
    told = headers.get("Scibus-Epoch", ""), headers.get("Scibus-Sequence", "")
    return (int(told[0]), int(told[1])) if all(one.isdecimal() for one in told) else (0, 0)


def numbered(first: int, last: int, epoch: int = 1) -> list[tuple[int, int]]:
    """What is forwarded of an epoch, when it is each once and in order."""
    return [(epoch, number) for number in range(first, last + 1)]


@asynccontextmanager
async def flowing(dial: Dial, dataset: str, last: int, **more: Any) -> AsyncIterator[None]:
    """Ten more messages each hundredth of a second, up to `last`, which are all there at the end."""

    async def flow() -> None:
        for number in range(10, last + 1, 10):
            dial.set(number, dataset, **more)
            await asyncio.sleep(0.01)

    flows = asyncio.create_task(flow())
    yield
    await flows


@asynccontextmanager
async def working(url: str, dial: Dial, instance: str) -> AsyncIterator[LiveData]:
    """The live data of a worker within this process, where a test can get between its steps."""
    settings = WorkerSettings(nats_url=url)
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(asynccontextmanager(open_source)(TickerSettings(file=dial.file)))
        connection = await open_connection(BusSettings(nats_url=url), instance)
        stack.push_async_callback(close_connection, connection)
        blobs, _ = await prepare_topology(connection, Ticker, settings)
        live = LiveData("ticker", instance, source, Metrics())
        await live.start(connection, blobs)
        stack.push_async_callback(live.close)
        stack.push_async_callback(live.finish, 10)
        yield live
