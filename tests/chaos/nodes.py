"""Three servers that hold each stream together."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from nats.aio.client import Client

from scibus.bus.blobs import BUCKET, KEPT_SECONDS
from scibus.bus.stored import api
from scibus.bus.topology import SECOND, job_consumers, job_stream, schedule_stream, shared_streams
from scibus.client import connect
from scibus.contracts import Service
from scibus.sandbox import NatsServer
from tests.chaos.field import waited

NODES = 3
START_SECONDS = 60.0
BLOBS = f"OBJ_{BUCKET}"


class Cluster:
    """Servers that know each other, and what they hold together.

    Attributes:
        nodes: the servers, by the names that they have among themselves.
    """

    def __init__(self, nodes: dict[str, NatsServer]) -> None:
        self.nodes = nodes

    @property
    def urls(self) -> str:
        """Of all nodes, as `SCIBUS_NATS_URL` takes them."""
        return ",".join(node.url for node in self.nodes.values())

    async def prepare(self, connection: Client, service: type[Service], ack_wait: float) -> None:
        """Make all that `service` needs, three times each."""
        blobs = {
            "name": BLOBS,
            "subjects": [f"$O.{BUCKET}.C.>", f"$O.{BUCKET}.M.>"],
            "discard": "new",
            "max_age": KEPT_SECONDS * SECOND,
            "allow_rollup_hdrs": True,
            "allow_direct": True,
        }
        specs = [*shared_streams(), schedule_stream(service), job_stream(service)]
        for config in [*(spec.config() for spec in specs), blobs]:
            await _insist(connection, f"STREAM.CREATE.{config['name']}", {**config, "num_replicas": NODES})
        for consumer in job_consumers(service, ack_wait):
            body = {"stream_name": consumer.stream, "config": consumer.config()}
            await _insist(connection, f"CONSUMER.CREATE.{consumer.stream}.{consumer.name}", body)

    async def leader(self, connection: Client, led: str) -> str:
        """The node that leads a stream, or a consumer of one (`<stream>.<consumer>`), once there is one."""
        kind = "CONSUMER" if "." in led else "STREAM"
        found: list[str] = []

        async def known() -> bool:
            with suppress(Exception):
                told = await api(connection, f"{kind}.INFO.{led}", timeout=2)
                found.append(told["cluster"]["leader"])
            return bool(found and found[-1])

        if not await waited(known, START_SECONDS):
            raise TimeoutError(f"nobody leads {led}")
        return found[-1]

    async def is_whole(self, connection: Client) -> bool:
        """Whether all nodes are up to date in all streams."""
        with suppress(Exception):
            told = await api(connection, "STREAM.LIST", {}, timeout=3)
            parts = [stream["cluster"] for stream in told["streams"]]
            return not told.get("missing") and all(
                part.get("leader")
                and len(part.get("replicas") or []) == NODES - 1
                and all(replica["current"] and not replica.get("offline") for replica in part["replicas"])
                for part in parts
            )
        return False

    def freeze(self, name: str) -> None:
        """Let a node do nothing any more, and tell nobody."""
        self.nodes[name].process.send_signal(signal.SIGSTOP)

    def wake(self, name: str) -> None:
        """Let a node go on."""
        self.nodes[name].process.send_signal(signal.SIGCONT)


async def _insist(connection: Client, subject: str, body: dict[str, Any]) -> None:
    """Nodes that have just come together refuse for a while."""
    for _ in range(20):
        with suppress(Exception):
            await api(connection, subject, body, timeout=5)
            return
        await asyncio.sleep(0.5)
    await api(connection, subject, body, timeout=5)


async def _name(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    greeting = json.loads((await reader.readline()).removeprefix(b"INFO "))
    writer.close()
    return str(greeting["server_name"])


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@asynccontextmanager
async def cluster(service: type[Service], ack_wait: float) -> AsyncIterator[Cluster]:
    """Three nodes with all that `service` needs."""
    ports = _free_ports(NODES)
    routes = json.dumps([f"nats://127.0.0.1:{port}" for port in ports])
    async with AsyncExitStack() as stack:
        servers = [
            NatsServer(config=f"cluster {{ name: scibus, listen: 127.0.0.1:{port}, routes: {routes} }}")
            for port in ports
        ]
        for server in servers:
            await stack.enter_async_context(server)
        made = Cluster({await _name(server.port): server for server in servers})
        stack.callback(_wake_all, servers)
        async with connect(made.urls, name="operator") as bus:
            await made.prepare(bus.connection, service, ack_wait)

            async def whole() -> bool:
                return await made.is_whole(bus.connection)

            await waited(whole, START_SECONDS)
        yield made


def _wake_all(servers: list[NatsServer]) -> None:
    for server in servers:
        if server.process.returncode is None:
            os.kill(server.process.pid, signal.SIGCONT)
