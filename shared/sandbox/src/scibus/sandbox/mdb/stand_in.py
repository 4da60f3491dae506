"""The stand-in for the Mission Data Broker: three servers and the certificates between them."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from scibus.sandbox.standin import Action, Operation, Request, Response, StandIn
from scibus.sandbox.standin.server import HttpServer

from .account_server import AccountServer
from .actions import actions
from .addresses import publisher, worker_settings
from .broker import Broker
from .certificates import Certificates
from .datasets import Dataset
from .filling import filled
from .gateway import GATEWAY_PATH, Gateway
from .gateway_tokens import GatewayTokens
from .permissions import SUBSCRIBE, lenient, strict
from .samples import READERS
from .settings import MdbSettings

READER = "alice"


class MdbStandIn(StandIn):
    """Account server, gateway and broker, on loopback ports unless told otherwise, with computed datasets.

    Args:
        port: of the account server.
        datasets: who may read which dataset; those that `samples` knows hold what it computes, others are empty.
        host_name: what the servers' certificate calls them; what clients do when None.
        host: address to listen on.
        reached_as: name at which clients reach the servers.
        certificates: folder for these, kept afterwards; by default a temporary one that is removed.

    Attributes:
        settings: how tokens are issued.
        certificates: of clients, good ones and bad ones; there are some while it listens.
        broker: the nats-server.
    """

    name: ClassVar[str] = "mdb"
    certificates: Certificates
    broker: Broker

    def __init__(
        self,
        port: int = 0,
        datasets: Mapping[str, Iterable[str]] = READERS,
        *,
        host_name: str | None = None,
        host: str = "127.0.0.1",
        reached_as: str = "localhost",
        certificates: Path | None = None,
    ) -> None:
        super().__init__(port, host)
        self.settings = MdbSettings()
        self._wanted = datasets
        self._host_name = host_name or reached_as
        self._reached_as = reached_as
        self._kept_certificates = certificates
        self._datasets: dict[str, Dataset] = {}
        tokens = GatewayTokens()
        self._account_server = AccountServer(tokens, self._datasets, self._token, self._config)
        self._gateway = Gateway(tokens, self.settings)
        self._gateway_server = HttpServer(partial(self._attend, answer=self._gateway.answer))
        self._gateway_port = 0
        self._control_server = HttpServer(self._control.answer)
        self._control_port = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="scibus-mdb-"))
            stack.push_async_callback(asyncio.to_thread, shutil.rmtree, folder, ignore_errors=True)
            self.certificates = Certificates(self._kept_certificates or folder, self._host_name)
            broker = Broker(self.certificates, folder, self._host_name, host=self._host, reached_as=self._reached_as)
            self.broker = await stack.enter_async_context(broker)
            for slug, readers in self._wanted.items():
                await self.add_dataset(slug, readers)
                await stack.enter_async_context(filled(self.broker, self._known(slug)))
            gateway = self.certificates.server_context(asks_for_client=True)
            self._gateway_port = await self._gateway_server.start(self._host, self._gateway_port, gateway)
            stack.push_async_callback(self._gateway_server.stop)
            self._control_port = await self._control_server.start(self._host, self._control_port)
            stack.push_async_callback(self._control_server.stop)
            await super().__aenter__()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__()
        await self._stack.aclose()

    @property
    def url(self) -> str:
        return f"https://{self._reached_as}:{self._port}/"

    @property
    def control_url(self) -> str:
        return f"http://{self._host}:{self._control_port}/"

    @property
    def gateway_url(self) -> str:
        """Where who shows a certificate gets a token."""
        return f"https://{self._reached_as}:{self._gateway_port}{GATEWAY_PATH}"

    @property
    def nats_url(self) -> str:
        return self.broker.url

    @property
    def nats_websocket_url(self) -> str:
        return self.broker.websocket_url

    def addresses(self) -> dict[str, Any]:
        """What a reader, a publisher and a remote control must be told; the control's URL is plain HTTP."""
        return {
            **super().addresses(),
            "control": self.control_url,
            "settings": worker_settings(self.url, self.certificates, READER),
            "publisher": publisher(self.broker, self.certificates, self._datasets.values()),
        }

    def configure(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change the fields of MdbSettings."""
        unknown = dict(settings).keys() - asdict(self.settings).keys()
        if unknown:
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
        for name, value in settings.items():
            setattr(self.settings, name, value)
        return asdict(self.settings)

    def actions(self) -> Mapping[str, Action]:
        return actions(self)

    def operation(self, request: Request) -> Operation:
        """ "config", "user_jwt", "streamql_jwt" or "getjwt"."""
        return Operation("getjwt") if request.path == GATEWAY_PATH else self._account_server.operation(request)

    async def answer(self, request: Request) -> Response:
        return await self._account_server.answer(request)

    async def add_dataset(self, slug: str, readers: Iterable[str] = (READER,)) -> None:
        """Let there be an empty dataset `slug`."""
        dataset = Dataset(slug, frozenset(readers))
        await self.broker.add(dataset)
        self._datasets[slug] = dataset

    async def publish(self, dataset: str, payloads: Sequence[bytes], headers: Mapping[str, str] | None = None) -> int:
        """Publish `payloads`, each with `headers`; when the stream has them all, the sequence of the last."""
        return await self.broker.publish(self._known(dataset), payloads, headers)

    async def restart_nats(self, seconds_away: float = 0.0) -> None:
        """Let the broker go, and come back after so many seconds at the same addresses with the same streams."""
        await self.broker.server.stop()
        await asyncio.sleep(seconds_away)
        await self.broker.server.start()

    async def kill_nats(self) -> None:
        """Let the broker die, until `start_nats`."""
        await self.broker.server.kill()

    async def start_nats(self) -> None:
        await self.broker.server.start()

    async def drop_connections(self) -> int:
        """Cut off every client of the broker; how many there were."""
        return await self.broker.drop_connections()

    async def recreate(self, dataset: str) -> None:
        """Delete the dataset's stream with its consumers, and make it anew: sequences begin with 1 again."""
        await self.broker.recreate(self._known(dataset))

    async def expire(self, dataset: str, before: int) -> None:
        """Let the dataset forget the messages whose sequence is below `before`."""
        await self.broker.expire(self._known(dataset), before)

    async def stream(self, dataset: str) -> dict[str, Any]:
        """The dataset's stream as nats-server describes it."""
        return await self.broker.stream(self._known(dataset))

    async def consumers(self, dataset: str) -> list[dict[str, Any]]:
        """The consumers of the dataset's stream as nats-server describes them."""
        return await self.broker.consumers(self._known(dataset))

    async def delete_consumer(self, dataset: str, name: str) -> None:
        """Delete one consumer of the dataset's stream."""
        await self.broker.delete_consumer(self._known(dataset), name)

    def _tls(self) -> ssl.SSLContext:
        return self.certificates.server_context(asks_for_client=False)

    def _known(self, slug: str) -> Dataset:
        if slug not in self._datasets:
            raise ValueError(f"there is no dataset {slug}")
        return self._datasets[slug]

    def _config(self) -> dict[str, str]:
        return {
            "api_gateway_url": self.gateway_url,
            "mas_url": self.url.rstrip("/"),
            "nats_url": self.nats_url,
            "nats_websocket_url": self.nats_websocket_url,
        }

    def _token(self, reader: str, datasets: list[Dataset]) -> str:
        publish = (strict if self.settings.strict else lenient)(datasets, reader)
        account, seconds = datasets[0].account, self.settings.nats_token_seconds
        return self.broker.reader_token(account, f"{reader}/{account}", publish, SUBSCRIBE, seconds)
