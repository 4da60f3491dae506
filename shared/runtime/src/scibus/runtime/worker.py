"""A worker: one service, its settings, its resources and its handlers, run as one process."""

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Concatenate, Generic, TypeVar

from faststream.asgi import AsgiFastStream
from nats.aio.client import Client
from pydantic_settings import BaseSettings

from scibus.bus.blobs import Blobs
from scibus.bus.connection import open_connection
from scibus.contracts.model import Contract
from scibus.contracts.operations import Request, Service
from scibus.runtime import health as health_pages
from scibus.runtime.broker import BusBroker
from scibus.runtime.discovery import Discovery
from scibus.runtime.logs import get_logger, logging_to_stderr
from scibus.runtime.metrics import Metrics
from scibus.runtime.requests import RequestEndpoint
from scibus.runtime.resources import Opener, bind, check_handler, open_resources
from scibus.runtime.settings import SettingsError, WorkerSettings, load_settings, secret_values
from scibus.runtime.topology import TopologyError, prepare_topology

log = get_logger(__name__)

Query = TypeVar("Query", bound=Contract)
Answer = TypeVar("Answer")
Handler = Callable[Concatenate[Query, ...], Awaitable[Answer]]
OwnSettings = TypeVar("OwnSettings", bound=BaseSettings)


class Worker(Generic[OwnSettings]):
    """Serves one backend on the bus.

    Args:
        service: the declared service.
        settings: the service's own settings; read when the worker runs, never at import.
        resources: what handlers need, each an async generator function that yields it once.
        distribution: the installed package whose version discovery tells; by default the service's own.
    """

    def __init__(
        self,
        service: type[Service],
        settings: type[OwnSettings],
        *,
        resources: Sequence[Opener] = (),
        distribution: str | None = None,
    ) -> None:
        self.service = service
        self.broker = BusBroker()
        self._settings = settings
        self._resources = list(resources)
        self._distribution = distribution or f"scibus-{service.service_name}"
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._provided: set[type] = {settings, WorkerSettings, Metrics, Blobs}

    def handles(
        self, operation: Request[..., Query, Answer]
    ) -> Callable[[Handler[Query, Answer]], Handler[Query, Answer]]:
        """Let the decorated function answer `operation`.

        Its first parameter is the request body; every other one is filled by its type.
        """

        def register(handler: Handler[Query, Answer]) -> Handler[Query, Answer]:
            check_handler(handler, self._resources, self._provided)
            self._handlers[operation.name] = handler
            return handler

        return register

    def run(self) -> None:
        """Run until SIGTERM or SIGINT, and leave the process: 0 when drained, 1 with a one-line reason at start."""
        sys.exit(self._run())

    def _run(self) -> int:
        try:
            settings, own = load_settings(WorkerSettings), load_settings(self._settings)
        except SettingsError as error:
            return _refuse(error)
        instance = f"{self.service.service_name}-{uuid.uuid4().hex[:8]}"
        secrets = settings.passwords | secret_values(own)
        with logging_to_stderr(settings, secrets, service=self.service.service_name, worker=instance):
            try:
                with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                    runner.run(self._until_signalled(settings, own, instance))
            except (SettingsError, TopologyError, ConnectionLostError) as error:
                return _refuse(error)
        return 0

    async def _until_signalled(self, settings: WorkerSettings, own: OwnSettings, instance: str) -> None:
        stop, hurry = asyncio.Event(), asyncio.Event()

        def on_signal() -> None:
            (hurry if stop.is_set() else stop).set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, on_signal)
        await self.serve(settings, own, instance, stop, hurry)

    async def serve(
        self, settings: WorkerSettings, own: OwnSettings, instance: str, stop: asyncio.Event, hurry: asyncio.Event
    ) -> None:
        """Serve until `stop` is set, then drain; `hurry` cuts the grace period short.

        Raises:
            SettingsError: the HTTP port is taken.
            TopologyError: with `bind`, something is missing on the server.
            ConnectionLostError: the server closed the connection for good; whoever runs the worker starts it anew.
        """
        self._check_complete()
        metrics, health, closed = Metrics(self.service.service_name), health_pages.Health(), asyncio.Event()
        app = AsgiFastStream(self.broker, asgi_routes=health_pages.routes(health, metrics), logger=None)
        self.broker.open = lambda: self._connect(settings, instance, metrics, health, closed)
        known: dict[type, Any] = {self._settings: own, WorkerSettings: settings, Metrics: metrics}
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(health_pages.serving_http(app, settings.http_port))
            try:
                async with _until(stop):
                    endpoints, discovery = await self._start(stack, app, settings, instance, known, health)
            except _Stopped:
                return
            await _first(stop, closed)
            health.draining = True
            if not stop.is_set():
                raise ConnectionLostError("NATS closed the connection for good: it is not coming back by itself")
            log.info("draining", grace_period=settings.grace_period)
            await _drain(endpoints, discovery, settings.grace_period, hurry)
        log.info("stopped")

    async def _start(
        self,
        stack: AsyncExitStack,
        app: AsgiFastStream,
        settings: WorkerSettings,
        instance: str,
        known: dict[type, Any],
        health: health_pages.Health,
    ) -> tuple[list[RequestEndpoint], Discovery]:
        await open_resources(stack, self._resources, known)
        # First the connection: FastStream's start goes on in the background, and would open a second one.
        stack.push_async_callback(self.broker.stop)
        connection: Client = await self.broker.connect()
        health.connection = connection
        await stack.enter_async_context(app.start_lifespan_context())
        await prepare_topology(connection, settings.topology)
        known[Blobs] = blobs = Blobs(connection)
        endpoints = [
            RequestEndpoint(
                operation,
                bind(self._handlers[operation.name], known),
                slots=settings.concurrency,
                connection=connection,
                blobs=blobs,
                metrics=known[Metrics],
            )
            for operation in self.service.operations()
        ]
        discovery = Discovery(connection, self.service, instance, self._version(), endpoints)
        for endpoint in endpoints:
            await endpoint.start()
        await discovery.start()
        await connection.flush()
        health.serving = True
        log.info("ready", operations=len(endpoints), concurrency=settings.concurrency)
        return endpoints, discovery

    async def _connect(
        self,
        settings: WorkerSettings,
        instance: str,
        metrics: Metrics,
        health: health_pages.Health,
        closed: asyncio.Event,
    ) -> Client:
        async def on_error(error: Exception) -> None:
            log.warning("NATS trouble", error=repr(error))

        async def on_disconnect() -> None:
            if not health.draining:
                log.warning("NATS is away")

        async def on_close() -> None:
            closed.set()

        async def on_reconnect() -> None:
            metrics.reconnects.inc()
            log.info("NATS is back")

        return await open_connection(
            settings,
            instance,
            on_error=on_error,
            on_disconnect=on_disconnect,
            on_reconnect=on_reconnect,
            on_close=on_close,
        )

    def _check_complete(self) -> None:
        missing = [op.name for op in self.service.operations() if op.name not in self._handlers]
        if missing:
            raise TypeError(f"{self.service.service_name}: no handler for {', '.join(missing)}")

    def _version(self) -> str:
        try:
            return version(self._distribution)
        except PackageNotFoundError:
            return "0.0.0"


async def _drain(endpoints: list[RequestEndpoint], discovery: Discovery, grace: float, hurry: asyncio.Event) -> None:
    await discovery.stop()
    await asyncio.gather(*(endpoint.stop_taking() for endpoint in endpoints))
    hurried = asyncio.create_task(hurry.wait())
    finishing = [asyncio.create_task(endpoint.finish(grace)) for endpoint in endpoints]
    for finished in finishing:
        await asyncio.wait({finished, hurried}, return_when=asyncio.FIRST_COMPLETED)
    if hurried.done():
        await asyncio.gather(*(endpoint.finish(0) for endpoint in endpoints))
    hurried.cancel()
    await asyncio.gather(*finishing)


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of `events` is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


class ConnectionLostError(Exception):
    """The connection to NATS was closed and does not come back."""


class _Stopped(Exception):
    """The worker was asked to stop before it was ready."""


@asynccontextmanager
async def _until(stop: asyncio.Event) -> AsyncIterator[None]:
    """Run the block, and break it off when `stop` is set."""

    async def watch() -> None:
        await stop.wait()
        block.reschedule(asyncio.get_running_loop().time())

    try:
        async with asyncio.timeout(None) as block:
            watcher = asyncio.create_task(watch())
            try:
                yield
            finally:
                watcher.cancel()
                await asyncio.gather(watcher, return_exceptions=True)
    except TimeoutError:
        if block.expired():
            raise _Stopped from None
        raise


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _refuse(error: Exception) -> int:
    sys.stderr.write(f"{error}\n")
    return 1
