"""The nats-server in operator mode, with an account for each dataset."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

from scibus.sandbox.mdb.certificates import Certificates
from scibus.sandbox.mdb.datasets import Dataset
from scibus.sandbox.mdb.identities.tokens import credentials
from scibus.sandbox.mdb.identities.trust import Account, Login, Trust
from scibus.sandbox.nats import NatsServer
from scibus.sandbox.nats.ports import free_port

from .administrator import NAME, Administrator, BrokerError, administering
from .configuration import configuration

WEEK_NS = 7 * 24 * 3600 * 10**9


class Broker:
    """Streams of datasets, each in an account of its own, listening inside `async with`.

    Args:
        certificates: of the server.
        folder: for what it keeps.
        host_name: what its certificate calls it.
        host: address to listen on.
        reached_as: name at which readers reach it.

    Attributes:
        server: the process.
    """

    def __init__(self, certificates: Certificates, folder: Path, host_name: str, *, host: str, reached_as: str) -> None:
        self._folder = folder
        self._host_name = host_name
        self._reached_as = reached_as
        self._trusted = ssl.create_default_context(cafile=certificates.ca)
        self._trust = Trust()
        self._system = self._trust.administrator(self._trust.system)
        self._accounts: dict[str, Account] = {}
        self._administrators: dict[str, Login] = {}
        self._websocket_port = free_port()
        self.server = NatsServer(
            config=configuration(self._trust, certificates, host, self._websocket_port, folder / "accounts")
        )

    @property
    def url(self) -> str:
        return f"tls://{self._reached_as}:{self.server.port}"

    @property
    def websocket_url(self) -> str:
        return f"wss://{self._reached_as}:{self._websocket_port}"

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.__aexit__(None, None, None)

    async def add(self, dataset: Dataset) -> None:
        """Make the stream of `dataset`, and its account where there is none yet."""
        if dataset.account not in self._accounts:
            await self._add_account(dataset.account)
        async with self.administrator(dataset) as administrator:
            await _create_stream(administrator, dataset)

    async def recreate(self, dataset: Dataset) -> None:
        """Delete the stream with its consumers, and make it anew."""
        async with self.administrator(dataset) as administrator:
            await administrator.ask(f"$JS.API.STREAM.DELETE.{dataset.stream}")
            await _create_stream(administrator, dataset)

    async def expire(self, dataset: Dataset, before: int) -> None:
        """Forget the messages whose sequence is below `before`."""
        async with self.administrator(dataset) as administrator:
            await administrator.ask(f"$JS.API.STREAM.PURGE.{dataset.stream}", {"seq": before})

    async def publish(
        self, dataset: Dataset, payloads: Sequence[bytes], headers: Mapping[str, str] | None = None
    ) -> int:
        """Store `payloads`; the sequence of the last."""
        async with self.administrator(dataset) as administrator:
            return await administrator.publish(dataset.subject, payloads, headers)

    async def stream(self, dataset: Dataset) -> dict[str, Any]:
        """Configuration and state of the stream."""
        async with self.administrator(dataset) as administrator:
            return await administrator.ask(f"$JS.API.STREAM.INFO.{dataset.stream}")

    async def consumers(self, dataset: Dataset) -> list[dict[str, Any]]:
        """Configuration and state of each consumer."""
        async with self.administrator(dataset) as administrator:
            answer = await administrator.ask(f"$JS.API.CONSUMER.LIST.{dataset.stream}")
        return list(answer["consumers"] or ())

    async def delete_consumer(self, dataset: Dataset, name: str) -> None:
        async with self.administrator(dataset) as administrator:
            await administrator.ask(f"$JS.API.CONSUMER.DELETE.{dataset.stream}.{name}")

    async def drop_connections(self) -> int:
        """Cut off every client; how many there were."""
        async with self._administering(self._system) as administrator:
            seen = await administrator.ask("$SYS.REQ.SERVER.PING.CONNZ")
            clients = [client["cid"] for client in seen["data"]["connections"] if client.get("name") != NAME]
            for client in clients:
                # One that has left by itself is no error.
                with suppress(BrokerError):
                    await administrator.ask(f"$SYS.REQ.SERVER.{seen['server']['id']}.KICK", {"cid": client})
        return len(clients)

    def reader_token(
        self, account: str, name: str, publish: list[str], subscribe: list[str], seconds: float | None
    ) -> str:
        """What lets its bearer read in `account`."""
        return self._trust.reader_token(self._accounts[account], name, publish, subscribe, seconds)

    def credentials(self, dataset: Dataset) -> Path:
        """The file with which another process may do everything with `dataset`."""
        return self._folder / f"{dataset.account}.creds"

    @asynccontextmanager
    async def administrator(self, dataset: Dataset) -> AsyncIterator[Administrator]:
        """Somebody who may do everything with `dataset`."""
        async with self._administering(self._administrators[dataset.account]) as administrator:
            yield administrator

    def _administering(self, login: Login) -> AbstractAsyncContextManager[Administrator]:
        return administering(f"tls://localhost:{self.server.port}", login, self._trusted, self._host_name)

    async def _add_account(self, name: str) -> None:
        account = self._trust.account(name)
        login = self._trust.administrator(account)
        async with self._administering(self._system) as administrator:
            await administrator.ask("$SYS.REQ.CLAIMS.UPDATE", account.token.encode())
        path = self._folder / f"{name}.creds"
        await asyncio.to_thread(path.touch, 0o600)
        await asyncio.to_thread(path.write_text, credentials(login.token, login.user))
        self._accounts[name], self._administrators[name] = account, login


async def _create_stream(administrator: Administrator, dataset: Dataset) -> None:
    config = {"name": dataset.stream, "subjects": [dataset.filter], "max_age": WEEK_NS, "storage": "file"}
    await administrator.ask(f"$JS.API.STREAM.CREATE.{dataset.stream}", config)
