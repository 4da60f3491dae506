"""jsoc_fetch: orders of exports, their states, and storage units."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from scibus.sandbox.jsoc.archive.archive import Archive
from scibus.sandbox.standin import Response

from .answers import failure
from .exp_request import OrderDesk
from .exp_status import StatusDesk
from .exp_su import exp_su

FAILED = 4
QUOTED = re.compile(r"'([^']*)'")


class JsocFetch:
    """The CGI of that name; an operation it does not know gets an empty body."""

    def __init__(self, archive: Archive, orders: OrderDesk, states: StatusDesk) -> None:
        self._operations: dict[str, Callable[[Mapping[str, str]], Response]] = {
            "exp_request": orders.exp_request,
            "exp_status": states.exp_status,
            "exp_repeat": _repeat,
            "exp_su": partial(exp_su, archive),
        }

    def answer(self, arguments: Mapping[str, str]) -> Response:
        """The answer; a semicolon is refused in a document of its own, after which the program goes on all the same."""
        operation = self._operations.get(arguments.get("op", ""))
        if operation is None:
            return Response(b"")
        answer = operation({name: QUOTED.sub(r'"\1"', value) for name, value in arguments.items()})
        if any(";" in value for value in arguments.values()):
            refusal = failure(FAILED, "Illegal text in arg: ';' not allowed")
            return Response(refusal.body + answer.body)
        return answer


def _repeat(arguments: Mapping[str, str]) -> Response:
    if not arguments.get("requestid"):
        return failure(FAILED, "RequestID must be provided")
    return failure(FAILED, "Re-Export requests temporarily disabled.")
