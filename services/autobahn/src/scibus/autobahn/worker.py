"""What is wired to what: the broker whose datasets are forwarded, and who answers what else is asked."""

from collections.abc import AsyncIterator

from scibus.autobahn.broker import Broker
from scibus.autobahn.mdb import Mdb
from scibus.autobahn.settings import AutobahnSettings
from scibus.contracts.autobahn import Autobahn, TokenQuery, TokenState
from scibus.contracts.live import DatasetInfo, DatasetMessages, DatasetQuery, ReadOrder
from scibus.runtime import Metrics, Worker
from scibus.runtime.http import HttpCalls


async def open_broker(settings: AutobahnSettings, metrics: Metrics) -> AsyncIterator[Broker]:
    """The MDB that the settings name."""
    async with Mdb(settings, HttpCalls(metrics)) as mdb:
        yield Broker(mdb, reveals=settings.reveal_authorization)


worker = Worker(Autobahn, AutobahnSettings, resources=[open_broker], live=Broker)


@worker.handles(Autobahn.read)
async def read(order: ReadOrder, broker: Broker) -> DatasetMessages:
    return await broker.read(order)


@worker.handles(Autobahn.info)
async def info(query: DatasetQuery, broker: Broker) -> DatasetInfo:
    return await broker.info(query.dataset)


@worker.handles(Autobahn.token)
async def token(query: TokenQuery, broker: Broker) -> TokenState:
    return await broker.token()
