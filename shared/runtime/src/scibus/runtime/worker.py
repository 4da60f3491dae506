"""A worker as its author sees it: one service, its settings, its resources and its handlers."""

import asyncio
import signal
import sys
import uuid
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Concatenate, Generic, TypeVar

from pydantic_settings import BaseSettings

from scibus.bus.blobs import Blobs
from scibus.contracts.model import Contract
from scibus.contracts.operations import JobOperation, Operation, Service
from scibus.runtime.breakdown import LAST_SECONDS, BrokenWorkerError, leave_after, leave_at_once, leave_no_task
from scibus.runtime.broker import BusBroker
from scibus.runtime.live.handlers import HANDLERS
from scibus.runtime.live.live import LiveData
from scibus.runtime.live.source import LiveSource
from scibus.runtime.logs import logging_to_stderr
from scibus.runtime.metrics import Metrics
from scibus.runtime.resources import Opener, check_handler
from scibus.runtime.running import Run
from scibus.runtime.settings import SettingsError, WorkerSettings, load_settings, secret_values
from scibus.runtime.telemetry import tracing
from scibus.runtime.topology import TopologyError

Query = TypeVar("Query", bound=Contract)
Answer = TypeVar("Answer")
Handler = Callable[Concatenate[Query, ...], Awaitable[Answer]]
Undo = Callable[Concatenate[Query, ...], Awaitable[None]]
OwnSettings = TypeVar("OwnSettings", bound=BaseSettings)


class Worker(Generic[OwnSettings]):
    """Serves one backend on the bus.

    Args:
        service: the declared service.
        settings: the service's own settings; read when the worker runs, never at import.
        resources: what handlers need, each an async generator function that yields it once.
        live: which of them holds the datasets of a service with live data; its subscriptions are then looked after.
        distribution: the installed package whose version discovery tells; by default the service's own.
    """

    def __init__(
        self,
        service: type[Service],
        settings: type[OwnSettings],
        *,
        resources: Sequence[Opener] = (),
        live: type[LiveSource] | None = None,
        distribution: str | None = None,
    ) -> None:
        self.service = service
        self.broker = BusBroker()
        self._settings = settings
        self._resources = list(resources)
        self._distribution = distribution or f"scibus-{service.service_name}"
        self._handlers: dict[str, Callable[..., Any]] = dict(HANDLERS) if live else {}
        self._undos: dict[str, Callable[..., Any]] = {}
        self._live = live
        self._provided: set[type] = {settings, WorkerSettings, Metrics, Blobs, *([LiveData] if live else [])}

    def handles(
        self, operation: Operation[..., Query, Answer]
    ) -> Callable[[Handler[Query, Answer]], Handler[Query, Answer]]:
        """Let the decorated function answer `operation`.

        Its first parameter is the request body; every other one is filled by its type. A `Job` is only there when the
        operation was submitted as one: only handlers of job operations may rely on it.
        """

        def register(handler: Handler[Query, Answer]) -> Handler[Query, Answer]:
            check_handler(handler, self._resources, self._provided)
            self._handlers[operation.name] = handler
            return handler

        return register

    def cancels(self, operation: JobOperation[..., Query, Any]) -> Callable[[Undo[Query]], Undo[Query]]:
        """Let the decorated function take back what a cancelled job has begun on the backend.

        Called when the handler is not running any more, with the request body and, by their types, what handlers get;
        the `Job` restores what the attempts have saved. It may be called more than once.
        """

        def register(undo: Undo[Query]) -> Undo[Query]:
            check_handler(undo, self._resources, self._provided)
            self._undos[operation.name] = undo
            return undo

        return register

    def run(self) -> None:
        """Run until SIGTERM or SIGINT, and leave the process: 0 when drained, 1 with a one-line reason otherwise."""
        try:
            settings, own = load_settings(WorkerSettings), load_settings(self._settings)
            self._run(settings, own)
        except (SettingsError, TopologyError, BrokenWorkerError) as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(1)
        sys.exit(0)

    def prepare(self, settings: WorkerSettings, own: OwnSettings, instance: str) -> Run:
        """A run of this worker under the name `instance`.

        Raises:
            TypeError: an operation of the service has no handler.
        """
        missing = [op.name for op in self.service.operations() if op.name not in self._handlers]
        if missing:
            raise TypeError(f"{self.service.service_name}: no handler for {', '.join(missing)}")
        return Run(
            service=self.service,
            version=self._version(),
            instance=instance,
            broker=self.broker,
            handlers=self._handlers,
            undos=self._undos,
            openers=self._resources,
            live=self._live,
            settings=settings,
            known={self._settings: own},
        )

    def _run(self, settings: WorkerSettings, own: OwnSettings) -> None:
        instance = f"{self.service.service_name}-{uuid.uuid4().hex[:8]}"
        secrets = settings.passwords | secret_values(own)
        with (
            logging_to_stderr(settings, secrets, service=self.service.service_name, worker=instance),
            asyncio.Runner(loop_factory=_loop_factory()) as runner,
        ):
            try:
                runner.run(self._until_signalled(settings, own, instance))
            except BrokenWorkerError as error:
                if not runner.run(leave_no_task()):
                    leave_at_once(1, str(error))
                raise
            if not runner.run(leave_no_task()):
                leave_at_once(0)

    async def _until_signalled(self, settings: WorkerSettings, own: OwnSettings, instance: str) -> None:
        stop, hurry = asyncio.Event(), asyncio.Event()

        def on_signal() -> None:
            if stop.is_set():
                hurry.set()
                return
            stop.set()
            leave_after(settings.grace_period + LAST_SECONDS, 0, "not all had ended when the grace period was over")

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, on_signal)
        async with tracing(self.service.service_name, instance, self._version()):
            await self.prepare(settings, own, instance).serve(stop, hurry)

    def _version(self) -> str:
        try:
            return version(self._distribution)
        except PackageNotFoundError:
            return "0.0.0"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
