"""One run of a worker: connect, open, serve, drain."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from faststream.asgi import AsgiFastStream
from nats.aio.client import Client

from scibus.bus.blobs import Blobs
from scibus.bus.connection import LoginRefusedError, open_connection
from scibus.contracts.operations import Service
from scibus.runtime.breakdown import LAST_SECONDS, Breakdown, BrokenWorkerError, leave_after
from scibus.runtime.broker import BusBroker
from scibus.runtime.described import description_routes
from scibus.runtime.discovery import Discovery
from scibus.runtime.health import Health, routes, serving_http
from scibus.runtime.jobs.handlers import Handlers
from scibus.runtime.jobs.jobs import Jobs
from scibus.runtime.live.live import LiveData
from scibus.runtime.live.source import LiveSource
from scibus.runtime.logs import get_logger
from scibus.runtime.metrics import Metrics
from scibus.runtime.requests import RequestEndpoint
from scibus.runtime.resources import Opener, bind, open_resources
from scibus.runtime.settings import WorkerSettings
from scibus.runtime.topology import prepare_topology

log = get_logger(__name__)


INSIST_SECONDS = 0.2
QUICK_SECONDS = 5.0
"""For the server to confirm that no more requests will come."""


class Run:
    """One run of a worker's service.

    Args:
        service: what is served.
        version: told by discovery.
        instance: name of this process, a token.
        broker: FastStream's broker, with the subscribers that the user hung onto it.
        handlers: by operation name.
        undos: likewise, what takes back what a cancelled job has begun.
        openers: of the resources that handlers name.
        live: the resource that holds the datasets of a service with live data.
        settings: the common ones.
        known: what resources and handlers may name besides.
    """

    def __init__(
        self,
        *,
        service: type[Service],
        version: str,
        instance: str,
        broker: BusBroker,
        handlers: Mapping[str, Callable[..., Any]],
        undos: Mapping[str, Callable[..., Any]],
        openers: Sequence[Opener],
        live: type[LiveSource] | None,
        settings: WorkerSettings,
        known: Mapping[type, Any],
    ) -> None:
        self._service = service
        self._version = version
        self._instance = instance
        self._broker = broker
        self._handlers = handlers
        self._undos = undos
        self._openers = openers
        self._settings = settings
        self._metrics = Metrics()
        self._known: dict[type, Any] = {**known, WorkerSettings: settings, Metrics: self._metrics}
        self._health = Health()
        self._breakdown = Breakdown()
        self._endpoints: list[RequestEndpoint] = []
        self._live = live
        self._jobs: Jobs | None = None
        self._data: LiveData | None = None
        self._discovery: Discovery | None = None
        broker.open = self._connect

    async def serve(self, stop: asyncio.Event, hurry: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain; `hurry` cuts the grace period short.

        Raises:
            SettingsError: the HTTP port is taken.
            TopologyError: with `bind`, something is missing on the server.
            BrokenWorkerError: it cannot go on; whoever runs the worker starts it anew.
        """
        pages = routes(self._health, self._metrics) + description_routes(self._service, self._version)
        app = AsgiFastStream(self._broker, asgi_routes=pages, logger=None)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(serving_http(app, self._settings.http_port))
            try:
                async with _until(stop):
                    await self._start(stack, app)
            except _StoppedEarly:
                return
            await _first(stop, self._breakdown.happened)
            self._health.draining = True
            if not stop.is_set():
                leave_after(self._settings.grace_period + LAST_SECONDS, 1, self._breakdown.reason)
            if stop.is_set() or self._breakdown.drains:
                log.info("draining", grace_period=self._settings.grace_period)
                await self._drain(hurry)
            if not stop.is_set():
                raise BrokenWorkerError(self._breakdown.reason)
        log.info("stopped")

    async def _start(self, stack: AsyncExitStack, app: AsgiFastStream) -> None:
        await open_resources(stack, self._openers, self._known)
        # First the connection: FastStream's start goes on in the background, and would open a second one.
        stack.push_async_callback(self._broker.stop)
        connection: Client = await self._broker.connect()
        self._health.connection = connection
        await stack.enter_async_context(app.start_lifespan_context())
        self._known[Blobs], has_streams = await prepare_topology(connection, self._service, self._settings)
        await self._start_live(stack, connection, has_streams=has_streams)
        handlers = self._bound()
        self._endpoints = [
            RequestEndpoint(
                operation,
                handlers[operation.name].handle,
                slots=self._settings.concurrency,
                connection=connection,
                blobs=self._known[Blobs],
                metrics=self._metrics,
            )
            for operation in self._service.operations()
        ]
        self._discovery = Discovery(connection, self._service, self._instance, self._version, self._endpoints)
        for endpoint in self._endpoints:
            await endpoint.start()
        await self._discovery.start()
        if has_streams:
            self._jobs = Jobs(connection, self._service, self._instance, handlers, self._known, self._breakdown)
            await self._jobs.start(slots=self._settings.concurrency)
        await connection.flush()
        self._health.serving = True
        log.info("ready", operations=len(self._endpoints), concurrency=self._settings.concurrency)

    async def _start_live(self, stack: AsyncExitStack, connection: Client, *, has_streams: bool) -> None:
        if self._live is None:
            return
        source: LiveSource = self._known[self._live]
        self._data = LiveData(self._service.service_name, self._instance, source, self._metrics)
        self._known[LiveData] = self._data
        if has_streams:
            stack.push_async_callback(self._data.close)
            await self._data.start(connection, self._known[Blobs])

    def _bound(self) -> dict[str, Handlers]:
        """Handlers with their resources."""
        undos = {name: bind(undo, self._known) for name, undo in self._undos.items()}
        return {name: Handlers(bind(handler, self._known), undos.get(name)) for name, handler in self._handlers.items()}

    async def _drain(self, hurry: asyncio.Event) -> None:
        """Take no more, and answer what was taken, within the grace period even where NATS does not answer."""
        until = asyncio.get_running_loop().time() + self._settings.grace_period
        draining = asyncio.create_task(self._finish(until))
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not draining.done():
            draining.cancel()
            await asyncio.gather(*(endpoint.finish(0) for endpoint in self._takers()))
        await asyncio.gather(draining, hurried, return_exceptions=True)

    async def _finish(self, until: float) -> None:
        now = asyncio.get_running_loop().time
        quick = min(QUICK_SECONDS, self._settings.grace_period / 2)
        if self._discovery is not None:
            await self._discovery.stop()
        stopping = [asyncio.create_task(taker.stop_taking()) for taker in self._takers()]
        await asyncio.wait(stopping, timeout=quick)
        for unanswered in stopping:
            unanswered.cancel()
        await asyncio.gather(*stopping, return_exceptions=True)
        await asyncio.gather(*(taker.finish(until - now()) for taker in self._takers()))

    def _takers(self) -> list[RequestEndpoint | Jobs | LiveData]:
        """Whatever takes work."""
        return [*self._endpoints, *([self._jobs] if self._jobs else []), *([self._data] if self._data else [])]

    async def _connect(self) -> Client:
        try:
            return await open_connection(
                self._settings,
                self._instance,
                on_error=self._on_error,
                on_disconnect=self._on_disconnect,
                on_reconnect=self._on_reconnect,
                on_close=self._on_close,
            )
        except LoginRefusedError as error:
            raise BrokenWorkerError(str(error)) from error

    async def _on_error(self, error: Exception) -> None:
        log.warning("NATS trouble", error=repr(error))

    async def _on_disconnect(self) -> None:
        if not self._health.draining:
            log.warning("NATS is away")

    async def _on_reconnect(self) -> None:
        self._metrics.reconnects.inc()
        if self._jobs is not None:
            self._jobs.reconnected()
        if self._data is not None:
            self._data.reconnected()
        log.info("NATS is back")

    async def _on_close(self) -> None:
        reason = "NATS closed the connection for good: it does not come back by itself"
        self._breakdown.report(reason, drains=False)


class _StoppedEarly(Exception):
    """The worker was asked to stop before it was ready."""


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of `events` is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@asynccontextmanager
async def _until(stop: asyncio.Event) -> AsyncIterator[None]:
    """Run the block, and break it off when `stop` is set."""

    starting = asyncio.current_task()

    async def watch() -> None:
        await stop.wait()
        while starting is not None:
            starting.cancel()
            # nats-py may take a cancellation for a server that does not answer, and try the next.
            await asyncio.sleep(INSIST_SECONDS)

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if starting is None or not stop.is_set():
            raise
        while starting.uncancel():
            continue
        raise _StoppedEarly from None
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
