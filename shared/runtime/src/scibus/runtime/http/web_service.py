"""One backend behind HTTP: questions bounded in time, number and size, asked again where that may help."""

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import stamina

from scibus.bus.trace import current_trace
from scibus.contracts.problems import BackendFault, BackendUnavailable, BadBackendAnswer
from scibus.runtime.http.bodies import read_whole
from scibus.runtime.http.calls import Observe
from scibus.runtime.http.refusals import may_pass, refused, unreachable

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes."""
Headers = Callable[[str], Awaitable[Mapping[str, str]]]
"""Headers that a question to a URL carries, as a login."""


@dataclass(frozen=True)
class Answer:
    """What a server said, whatever its status."""

    server: str
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def fault(self) -> BackendFault:
        """The same as a problem tells it."""
        return BackendFault(name=self.server, status=self.status, message=self.reason)

    def json(self) -> Any:
        """The body, decoded.

        Raises:
            BackendUnavailable: it is a web page, as in maintenance (retryable).
            BadBackendAnswer: it is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            if self.body.lstrip()[:1] == b"<":
                raise BackendUnavailable(
                    f"{self.server} answers with a web page: is it in maintenance?", backend=self.fault
                ) from error
            problem = BadBackendAnswer(f"{self.server} answers with something that is not JSON", backend=self.fault)
            raise problem from error


class WebService:
    """A server, or several of one deployment that share connections.

    Args:
        http: the connections; its limits and timeouts bound what is asked.
        observe: hears of each exchange.
        attempts: tries of a question.
        headers: of each question, by its URL.
    """

    def __init__(
        self, http: httpx.AsyncClient, observe: Observe, *, attempts: int, headers: Headers | None = None
    ) -> None:
        self._http = http
        self._observe = observe
        self._attempts = attempts
        self._headers = headers

    async def ask(
        self,
        server: str,
        url: str,
        template: str,
        *,
        method: str = "GET",
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        understood: frozenset[int] = frozenset({200}),
        largest: int = LARGEST_ANSWER,
        repeat: bool = True,
    ) -> Answer:
        """What `server` says about `url`.

        Args:
            server: for what is said when it fails.
            template: a name for all URLs of the kind, for metrics.
            understood: statuses that the caller makes sense of; any other is a problem.
            largest: bytes of the answer.
            repeat: whether the question may be asked again.

        Raises:
            BackendUnavailable: the server is down, in maintenance or out of reach.
            BadBackendAnswer: it says more than `largest` bytes.
        """
        async for attempt in stamina.retry_context(
            on=may_pass if repeat else (),
            attempts=self._attempts,
            timeout=None,
            wait_initial=0.2,
            wait_max=3.0,
        ):
            with attempt:
                async with self.open(
                    server, url, template, method=method, params=params, content=content, data=data, headers=headers
                ) as response:
                    if response.status_code not in understood:
                        raise refused(server, response, wait=10.0)
                    too_much = BadBackendAnswer(f"{server} answers with more than {largest >> 10} KiB")
                    body = await read_whole(response, largest, too_much)
                    return Answer(server, response.status_code, response.reason_phrase, response.headers, body)
        raise AssertionError("stamina ends with a result or an error")

    @asynccontextmanager
    async def open(
        self,
        server: str,
        url: str,
        template: str,
        *,
        method: str = "GET",
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """One exchange, its answer's body yet to be read; asked once.

        Raises:
            BackendUnavailable: the server is out of reach, or breaks off while the block reads (retryable).
        """
        own = await self._headers(url) if self._headers else {}
        sent = {**current_trace.get(), **own, **(headers or {})}
        with self._observe(method, url, template):
            try:
                async with self._http.stream(
                    method, url, params=params, content=content, data=data, headers=sent
                ) as response:
                    yield response
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, ConnectionError) as error:
                raise unreachable(server, error) from error
