"""What is wired to what: each operation of `Autobahn` and who answers it."""

from collections.abc import AsyncIterator

from scibus.autobahn.broker import Broker
from scibus.autobahn.mdb import Mdb
from scibus.autobahn.settings import AutobahnSettings
from scibus.contracts.autobahn import Autobahn, MdbSubscribeOrder, TokenQuery, TokenState
from scibus.contracts.live import (
    DatasetInfo,
    DatasetMessages,
    DatasetQuery,
    ReadOrder,
    SeekOrder,
    SubscriptionQuery,
    Subscriptions,
    SubscriptionsQuery,
    SubscriptionState,
    UnsubscribeOrder,
)
from scibus.runtime import LiveData, Metrics, Worker
from scibus.runtime.http_calls import HttpCalls


async def open_broker(settings: AutobahnSettings, metrics: Metrics) -> AsyncIterator[Broker]:
    """The MDB that the settings name."""
    async with Mdb(settings, HttpCalls(metrics)) as mdb:
        yield Broker(mdb, reveals=settings.reveal_authorization)


worker = Worker(Autobahn, AutobahnSettings, resources=[open_broker], live=Broker)


@worker.handles(Autobahn.subscribe)
async def subscribe(order: MdbSubscribeOrder, live: LiveData) -> SubscriptionState:
    return await live.subscribe(order)


@worker.handles(Autobahn.seek)
async def seek(order: SeekOrder, live: LiveData) -> SubscriptionState:
    return await live.seek(order)


@worker.handles(Autobahn.pause)
async def pause(query: SubscriptionQuery, live: LiveData) -> SubscriptionState:
    return await live.pause(query)


@worker.handles(Autobahn.resume)
async def resume(query: SubscriptionQuery, live: LiveData) -> SubscriptionState:
    return await live.resume(query)


@worker.handles(Autobahn.subscriptions)
async def subscriptions(query: SubscriptionsQuery, live: LiveData) -> Subscriptions:
    return await live.subscriptions(query)


@worker.handles(Autobahn.unsubscribe)
async def unsubscribe(order: UnsubscribeOrder, live: LiveData) -> SubscriptionState:
    return await live.unsubscribe(order)


@worker.handles(Autobahn.read)
async def read(order: ReadOrder, broker: Broker) -> DatasetMessages:
    return await broker.read(order)


@worker.handles(Autobahn.info)
async def info(query: DatasetQuery, broker: Broker) -> DatasetInfo:
    return await broker.info(query.dataset)


@worker.handles(Autobahn.token)
async def token(query: TokenQuery, broker: Broker) -> TokenState:
    return await broker.token()
