"""The Mission Data Broker's datasets as the worker gives them: followed, read once, or described."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from scibus.autobahn.consumers import clients_cursor
from scibus.autobahn.cursors import Cursors, MdbCursor
from scibus.autobahn.datasets import Dataset
from scibus.autobahn.mdb import Mdb
from scibus.autobahn.reading import describe, read_messages
from scibus.contracts.autobahn import TokenState
from scibus.contracts.live import DatasetInfo, DatasetMessages, ReadOrder
from scibus.runtime import Wanted


class Broker:
    """The datasets of one MDB, for whom our certificate names.

    Args:
        mdb: where they are.
        reveals: whether callers may be told the header with which we ask Autobahn.
    """

    def __init__(self, mdb: Mdb, *, reveals: bool) -> None:
        self._mdb = mdb
        self._reveals = reveals

    @asynccontextmanager
    async def open(self, wanted: Wanted) -> AsyncIterator[MdbCursor]:
        """The cursor of a subscription; see `LiveSource.open`."""
        dataset = Dataset.named(wanted.dataset)
        async with self._mdb.sessions.of(dataset.slug) as session:
            caller = (await self._mdb.gateway_token.get()).cn
            name, is_clients = _cursor(wanted, caller)
            async with Cursors(session, dataset, caller).open(name, wanted, is_clients=is_clients) as cursor:
                yield cursor

    async def leave(self, wanted: Wanted, *, keep: bool) -> None:
        """Keep or drop the cursor of a subscription; see `LiveSource.leave`."""
        dataset = Dataset.named(wanted.dataset)
        async with self._mdb.sessions.of(dataset.slug) as session:
            caller = (await self._mdb.gateway_token.get()).cn
            await Cursors(session, dataset, caller).leave(_cursor(wanted, caller)[0], keep=keep)

    async def read(self, order: ReadOrder) -> DatasetMessages:
        """Some messages of a dataset, without a subscription. Raises what `read_messages` raises."""
        dataset = Dataset.named(order.dataset)
        async with self._mdb.sessions.of(dataset.slug) as session:
            return await read_messages(session, dataset, order)

    async def info(self, dataset: str) -> DatasetInfo:
        """What there is of a dataset. Raises what `describe` raises."""
        named = Dataset.named(dataset)
        async with self._mdb.sessions.of(named.slug) as session:
            return await describe(session, named)

    async def token(self) -> TokenState:
        """Who we are at Autobahn, and until when.

        Raises:
            Problem: there is no token to be had.
        """
        bearer = await self._mdb.gateway_token.get()
        ends = bearer.expires_at
        return TokenState(
            cn=bearer.cn,
            expires_at=None if ends is None else datetime.fromtimestamp(ends, UTC),
            authorization=bearer.headers()["Authorization"] if self._reveals else None,
        )


def _cursor(wanted: Wanted, caller: str) -> tuple[str, bool]:
    """The name of the cursor at the MDB, and whether it is the published client's."""
    if wanted.order.get("cursor") == "client":
        return clients_cursor(caller), True
    return f"scibus-{wanted.bus}-{wanted.id}", False
