"""Misbehaviour on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, Self

from .http import Delivery, Response

MAINTENANCE_PAGE = """<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head>
<title>503 Service Unavailable</title>
</head><body>
<h1>Service Unavailable</h1>
<p>The server is temporarily unable to service your
request due to maintenance downtime or capacity
problems. Please try again later.</p>
</body></html>
"""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with which requests.

    Attributes:
        operation: only requests for this operation; None for every operation.
        path: only requests whose path matches this shell pattern; None for every path.
        skip: how many matching requests go well before.
        times: with how many matching requests it happens then; None until the faults are cleared.
        delay: seconds to wait before anything else happens.
        close: end the connection without a response, "before" the backend did its work or "after" it.
        status: HTTP status sent instead of an answer, with `body` or else a maintenance page.
        body: sent instead of an answer, with HTTP 200 unless `status` says otherwise; may be empty.
        content_type: of `body`.
        flip: position of a byte of the body that is not what it should be.
        cut_after: close the connection after so many bytes of the body.
        bytes_per_second: send the body no faster than this.
    """

    operation: str | None = None
    path: str | None = None
    skip: int = 0
    times: int | None = 1
    delay: float = 0.0
    close: Literal["before", "after"] | None = None
    status: int | None = None
    body: str | None = None
    content_type: str | None = None
    flip: int | None = None
    cut_after: int | None = None
    bytes_per_second: float | None = None

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Self:
        """Raises ValueError when a member is no attribute of a fault."""
        unknown = members.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        return cls(**members)

    def matches(self, operation: str, path: str) -> bool:
        return self.operation in (None, operation) and (self.path is None or fnmatchcase(path, self.path))

    async def spoil(self, answer: Callable[[], Awaitable[Response | None]]) -> Response | None:
        """What leaves instead of `answer`; None when the connection closes without a response."""
        await asyncio.sleep(self.delay)
        if self.close == "before":
            return None
        response = self._replacement() or await answer()
        if response is None or self.close == "after":
            return None
        if self.flip is not None:
            response = replace(response, body=_flipped(response.body, self.flip))
        return replace(response, delivery=Delivery(self.cut_after, self.bytes_per_second))

    def _replacement(self) -> Response | None:
        if self.status is None and self.body is None:
            return None
        page = MAINTENANCE_PAGE if self.body is None else self.body
        content_type = self.content_type or ("text/html" if page.lstrip().startswith("<") else "application/json")
        return Response(page.encode("latin-1", "replace"), self.status or 200, content_type)


def _flipped(body: bytes, position: int) -> bytes:
    return body[:position] + bytes(byte ^ 0xFF for byte in body[position : position + 1]) + body[position + 1 :]


class Faults:
    """The faults in force, in the order in which they were injected; the first that matches a request is used."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def inject(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def __len__(self) -> int:
        return len(self._faults)

    def take(self, operation: str, path: str) -> Fault | None:
        """The fault for this request, which uses it up by one."""
        for position, fault in enumerate(self._faults):
            if not fault.matches(operation, path):
                continue
            if fault.skip:
                self._faults[position] = replace(fault, skip=fault.skip - 1)
                return None
            self._use(position, fault)
            return fault
        return None

    def _use(self, position: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._faults[position] = replace(fault, times=fault.times - 1)
        else:
            del self._faults[position]
