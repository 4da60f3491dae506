"""Faults, request log, settings and actions of a stand-in over HTTP, for a test in another process."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from .faults import Fault, Faults
from .http import Request, Response
from .log import RequestLog

CONTROL_PATH = "/_standin/"
ACTIONS = "actions/"

Action = Callable[..., Awaitable[Any]]
"""What can be done to a backend: takes members of a JSON object by name, and returns what JSON can say."""


class Controlled(Protocol):
    """What can be controlled of a stand-in."""

    faults: Faults
    log: RequestLog

    def configure(self, settings: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def actions(self) -> Mapping[str, Action]: ...


class Control:
    """The endpoints below `/_standin/`."""

    def __init__(self, stand_in: Controlled) -> None:
        self._stand_in = stand_in

    async def answer(self, request: Request) -> Response:
        name = request.path.removeprefix(CONTROL_PATH)
        try:
            return await self._answer(request, name)
        except (ValueError, TypeError) as error:
            return _json({"error": str(error)}, status=400)

    async def _answer(self, request: Request, name: str) -> Response:
        match request.method, name:
            case "POST", "faults":
                self._stand_in.faults.inject(Fault.from_json(json.loads(request.body)))
                return _json({"faults": len(self._stand_in.faults)})
            case "DELETE", "faults":
                self._stand_in.faults.clear()
                return _json({"faults": 0})
            case "GET", "requests":
                return _json([entry.as_json() for entry in self._stand_in.log])
            case "DELETE", "requests":
                self._stand_in.log.clear()
                return _json([])
            case "POST", "settings":
                return _json(self._stand_in.configure(json.loads(request.body)))
            case "POST", _ if name.startswith(ACTIONS):
                return _json(await self._act(name.removeprefix(ACTIONS), json.loads(request.body)))
            case _:
                return _json({"error": f"no {request.method} for {request.path}"}, status=404)

    async def _act(self, name: str, parameters: Mapping[str, Any]) -> Any:
        actions = self._stand_in.actions()
        if name not in actions:
            raise ValueError(f"there is no action {name}: there is {', '.join(actions) or 'none'}")
        return await actions[name](**parameters)


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document).encode(), status)
