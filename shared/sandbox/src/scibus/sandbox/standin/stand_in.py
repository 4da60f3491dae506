"""The frame of a stand-in: a server with a request log, faults and a remote control."""

from __future__ import annotations

import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from .control import CONTROL_PATH, Action, Control
from .faults import Faults
from .http import Request, Response
from .log import Received, RequestLog
from .server import HttpServer

Answer = Callable[[Request], Awaitable[Response | None]]
"""Gives the response, or None where the connection is closed without one."""


@dataclass(frozen=True)
class Operation:
    """What a request asks for, in the backend's own words."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class StandIn(ABC):
    """A backend's stand-in on a loopback port, listening inside `async with`.

    Attributes:
        faults: what goes wrong with the next requests.
        log: the requests that came.
    """

    name: ClassVar[str]

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.faults = Faults()
        self.log = RequestLog()
        self._host = host
        self._port = port
        self._control = Control(self)
        self._server = HttpServer(self._handle)

    async def __aenter__(self) -> Self:
        self._port = await self._server.start(self._host, self._port, self._tls())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}/"

    @property
    def control_url(self) -> str:
        """Where a `StandInControl` reaches it."""
        return self.url

    def count(self, op: str) -> int:
        """How many requests for `op` there were."""
        return self.log.count(op)

    async def received(self, op: str, count: int = 1, timeout: float = 10.0) -> Received:
        """The `count`-th request for `op`, waiting for it if need be."""
        return await self.log.received(op, count, timeout)

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return self._server.open_connections

    def addresses(self) -> dict[str, Any]:
        """What a client must be told to reach the stand-in."""
        return {"name": self.name, "url": self.url}

    @abstractmethod
    def operation(self, request: Request) -> Operation:
        """What `request` asks for."""

    @abstractmethod
    async def answer(self, request: Request) -> Response | None:
        """The backend's own answer; None where it closes the connection without one."""

    @abstractmethod
    def configure(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change the named settings and return all of them.

        Raises:
            ValueError: there is no such setting.
        """

    def actions(self) -> Mapping[str, Action]:
        """What can be done to the backend from outside, by name."""
        return {}

    def _tls(self) -> ssl.SSLContext | None:
        """How the server proves who it is; None where it speaks plain HTTP."""
        return None

    async def _handle(self, request: Request) -> Response | None:
        if request.path.startswith(CONTROL_PATH):
            return await self._control.answer(request)
        return await self._attend(request, self.answer)

    async def _attend(self, request: Request, answer: Answer) -> Response | None:
        """What `answer` says to the noted `request`, or what the fault in force makes of it."""
        operation = self.operation(request)
        self.log.add(
            Received(time.time(), request.method, request.path, operation.name, operation.parameters, request.headers)
        )
        fault = self.faults.take(operation.name, request.path)
        if fault is None:
            return await answer(request)
        return await fault.spoil(lambda: answer(request))
