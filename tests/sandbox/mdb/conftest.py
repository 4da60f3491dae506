"""A stand-in for the Mission Data Broker, and readers of it."""

import json
import ssl
from contextlib import asynccontextmanager

import httpx
import nats
import pytest
from nats.js.api import ConsumerConfig

from scibus.sandbox.mdb import MdbStandIn
from scibus.sandbox.mdb.settings import MdbSettings


class Reader:
    """Asks account server, gateway and broker over real sockets, in the name of one client."""

    def __init__(self, mdb, name="alice"):
        self.mdb = mdb
        self.name = name

    async def ask(self, url, certificate=None, **headers):
        tls = ssl.create_default_context(cafile=self.mdb.certificates.ca)
        if certificate:
            tls.load_cert_chain(*certificate)
        async with httpx.AsyncClient(verify=tls, timeout=30) as http:
            return await http.get(url, headers=headers)

    async def account_server(self, path, token=None):
        return await self.ask(f"{self.mdb.url}api/v1/{path}", **({"Authorization": f"Bearer {token}"} if token else {}))

    async def gateway_token(self):
        answer = await self.ask(self.mdb.gateway_url, self.mdb.certificates.client(self.name))
        return answer.raise_for_status().text.strip()

    async def let_in(self, path):
        return await self.account_server(path, await self.gateway_token())

    async def token(self, dataset):
        return (await self.let_in(f"user/jwt/{dataset}")).raise_for_status().text

    @asynccontextmanager
    async def connected(self, dataset=None, *, token=None, closed=None):
        """A connection to the broker with the token of `dataset`, or another one."""
        token, refusals = token or await self.token(dataset), []

        async def refused(error):
            refusals.append(str(error))

        connection = await nats.connect(
            self.mdb.nats_url,
            tls=ssl.create_default_context(cafile=self.mdb.certificates.ca),
            user_jwt_cb=token.encode,
            signature_cb=lambda nonce: b"",
            error_cb=refused,
            closed_cb=closed,
            allow_reconnect=False,
        )
        connection.refusals = refusals
        yield connection
        await connection.close()

    async def read(self, dataset, count, *, durable="reader", **options):
        """The next `count` messages of the stream that holds `dataset`."""
        async with self.connected(dataset) as connection:
            stream = options.pop("stream", dataset)
            subscription = await connection.jetstream().pull_subscribe(
                options.pop("subject", stream), durable, stream, ConsumerConfig(**options)
            )
            messages = []
            while len(messages) < count:
                for message in await subscription.fetch(min(500, count - len(messages)), timeout=30):
                    await message.ack()
                    messages.append(message)
            await connection.flush()
            return messages


def contents(messages):
    return [json.loads(message.data) for message in messages]


def sequences(messages):
    return [message.metadata.sequence.stream for message in messages]


@pytest.fixture(scope="module")
async def mdb():
    async with MdbStandIn() as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def in_order(mdb):
    """After each test the stand-in does what it should, and has forgotten what it was asked."""
    yield
    mdb.faults.clear()
    mdb.log.clear()
    mdb.configure(vars(MdbSettings()))


@pytest.fixture
def alice(mdb):
    return Reader(mdb)


@pytest.fixture
def bob(mdb):
    return Reader(mdb, "bob")
