"""The bus as a Python program without an event loop sees it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import wraps
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from scibus.client.blocking.loop import LoopThread
from scibus.client.bus import Bus, connect
from scibus.contracts.autobahn import Autobahn
from scibus.contracts.blocking import Blocking
from scibus.contracts.calls import CallOptions
from scibus.contracts.drms import Drms
from scibus.contracts.modos import Modos

P = ParamSpec("P")
Value = TypeVar("Value")
AnyService = TypeVar("AnyService", bound=Blocking)


def _waiting(
    method: Callable[Concatenate[Bus, P], Awaitable[Value]],
) -> "Callable[Concatenate[SyncBus, P], Value]":
    """A method of `Bus` that waits for what it returns."""

    @wraps(method)
    def waited(bus: "SyncBus", /, *args: P.args, **kwargs: P.kwargs) -> Value:
        return bus._loop.wait(lambda: method(bus._bus, *args, **kwargs))

    return waited


class BlockingAutobahn(Blocking, Autobahn):
    """Autobahn's Mission Data Broker: live datasets, followed on the bus."""


class BlockingDrms(Blocking, Drms):
    """JSOC DRMS, the Stanford archive of HMI, AIA and MDI."""


class BlockingModos(Blocking, Modos):
    """MODOS: multi-omics digital objects in an object store, and slices of their genome files."""


class SyncBus:
    """A connection to the bus whose calls wait. Services are attributes: `bus.drms.rs_list(...)`.

    It may be used by several threads at once, and where an event loop is running, as in a notebook: there it keeps that
    loop waiting too. Every method raises what the method of `Bus` of the same name raises.
    """

    def __init__(self, loop: LoopThread, opened: AbstractAsyncContextManager[Bus]) -> None:
        self._loop = loop
        self._opened = opened
        self._bus = loop.wait(opened.__aenter__)
        self.autobahn = self.service(BlockingAutobahn)
        self.drms = self.service(BlockingDrms)
        self.modos = self.service(BlockingModos)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; once more does nothing."""
        if self._loop.is_closed:
            return
        try:
            self._loop.wait(lambda: self._opened.__aexit__(None, None, None))
        finally:
            self._loop.stop()

    def service(self, service: type[AnyService]) -> AnyService:
        """A service whose contracts come from elsewhere: `class BlockingShop(Blocking, Shop)` waits for its answers."""
        return service(self._bus, self._bus.options, waiting=self._loop)

    jobs = _waiting(Bus.jobs)
    queues = _waiting(Bus.queues)
    dead_letters = _waiting(Bus.dead_letters)
    dead_letter = _waiting(Bus.dead_letter)
    replay = _waiting(Bus.replay)
    schedules = _waiting(Bus.schedules)
    pause_schedule = _waiting(Bus.pause_schedule)
    resume_schedule = _waiting(Bus.resume_schedule)
    remove_schedule = _waiting(Bus.remove_schedule)
    services = _waiting(Bus.services)
    download = _waiting(Bus.download)


def connect_sync(
    url: str | None = None,
    *,
    name: str = "scibus-client",
    timeout: float = CallOptions.timeout,
    authorization: str | None = None,
) -> SyncBus:
    """Connect to the bus: `with connect_sync() as bus:`, or keep what it returns and close it in the end.

    Args:
        url: NATS servers, separated by commas; by default what `SCIBUS_NATS_URL` says.
        name: shown in the server's monitoring.
        timeout: seconds to wait for each answer, where a call says nothing else.
        authorization: value of the `Authorization` header of each request.

    Raises:
        NoAnswer: NATS is out of reach or refuses the login.
    """
    loop = LoopThread()
    try:
        return SyncBus(loop, connect(url, name=name, timeout=timeout, authorization=authorization))
    except BaseException:
        loop.stop()
        raise
