"""Health and metrics over HTTP: /livez, /readyz and /metrics, when a port is set."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from faststream.asgi import AsgiResponse, get
from nats.aio.client import Client

from scibus.runtime.logs import get_logger
from scibus.runtime.metrics import Metrics
from scibus.runtime.settings import SettingsError

log = get_logger(__name__)

STOP_SECONDS = 2.0


@dataclass
class Health:
    """Whether a worker takes requests, and why not."""

    connection: Client | None = None
    serving: bool = False
    draining: bool = False

    def trouble(self) -> str | None:
        """What keeps the worker from taking requests, or None."""
        if self.draining:
            return "draining"
        if self.connection is None or not self.connection.is_connected:
            return "NATS is away"
        return None if self.serving else "starting"


def routes(health: Health, metrics: Metrics) -> list[tuple[str, Any]]:
    """The worker's pages, as routes of a FastStream ASGI app."""

    @get(include_in_schema=False)
    async def livez(_scope: Any) -> AsgiResponse:
        return AsgiResponse(b"ok\n", 200)

    @get(include_in_schema=False)
    async def readyz(_scope: Any) -> AsgiResponse:
        trouble = health.trouble()
        return AsgiResponse(f"{trouble or 'ok'}\n".encode(), 503 if trouble else 200)

    @get(include_in_schema=False)
    async def metricsz(_scope: Any) -> AsgiResponse:
        connected = health.connection is not None and health.connection.is_connected
        metrics.connected.set(1 if connected else 0)
        return AsgiResponse(metrics.expose(), 200, {"Content-Type": metrics.content_type})

    return [("/livez", livez), ("/readyz", readyz), ("/metrics", metricsz)]


@asynccontextmanager
async def serving_http(app: Any, port: int | None) -> AsyncIterator[None]:
    """Serve `app` on `port` while the block runs; nothing when `port` is None.

    Raises:
        SettingsError: the port is taken.
    """
    if port is None:
        yield
        return
    try:
        listener = socket.create_server(("0.0.0.0", port), backlog=128)  # noqa: S104 - probes come from outside the pod
    except OSError as error:
        raise SettingsError(f"SCIBUS_HTTP_PORT: port {port} cannot be opened: {error.strerror}") from None
    # Takes a fifth of a worker's start, and not every worker serves pages.
    from scibus.runtime.web import page_server

    server = page_server(app)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    log.info("health and metrics are served", port=listener.getsockname()[1])
    try:
        yield
    finally:
        server.should_exit = True
        done, _ = await asyncio.wait({task}, timeout=STOP_SECONDS)
        if not done:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        listener.close()
