"""HTTP to a DRMS server: as many connections as it wants, retries where they are safe, a breaker for outages."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import stamina

from scibus.bus.trace import current_trace
from scibus.contracts.problems import BackendUnavailable, Problem, TooLarge
from scibus.drms.answers import decode
from scibus.drms.breaker import Breaker
from scibus.drms.connections import Connections
from scibus.drms.refusals import refused
from scibus.drms.servers import Cgi, ServerConfig
from scibus.drms.settings import DrmsSettings
from scibus.runtime.http import Observe
from scibus.runtime.http.bodies import read_whole
from scibus.runtime.http.refusals import may_pass, unreachable

LONGEST_GET = 4000
"""Characters of a query string that are sent with GET; web servers refuse lines of about 8 KiB."""
LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes of one answer that are read."""


class Transport:
    """The CGIs of one server, asked politely."""

    def __init__(
        self, server: ServerConfig, settings: DrmsSettings, connections: Connections, observe: Observe
    ) -> None:
        self._server = server
        self._observe = observe
        self._attempts = settings.attempts
        self._breaker = Breaker(server.name, failures=settings.outage_after, pause=settings.outage_pause)
        self._connections = connections
        self._too_much = TooLarge(
            f"{server.name} answers with more than {LARGEST_ANSWER >> 20} MiB: ask for fewer records"
        )

    async def ask(
        self, cgi: Cgi, operation: str, query: Mapping[str, str] | str, *, repeat: bool = True
    ) -> dict[str, Any]:
        """The decoded answer of a CGI.

        Args:
            cgi: which one.
            operation: name of the question, for metrics.
            query: parameters, or the whole query string as it is to be sent.
            repeat: whether the question may be asked again; if not, it is repeated only when it was never sent.

        Raises:
            Unsupported: the server has no such CGI.
            BackendUnavailable: the server is down, in maintenance or out of reach (retryable).
            BadBackendAnswer: its answer cannot be understood.
        """
        url = self._server.url(cgi)
        retried: Callable[[Exception], bool] = _is_outage if repeat else _was_never_sent
        async for attempt in stamina.retry_context(
            on=retried, attempts=self._attempts, timeout=None, wait_initial=0.2, wait_max=5.0
        ):
            with attempt:
                return await self._once(url, operation, query, order=not repeat)
        raise AssertionError("stamina ends with a result or an error")

    async def _once(self, url: str, operation: str, query: Mapping[str, str] | str, *, order: bool) -> dict[str, Any]:
        """One exchange, in its turn. An order goes out on a connection of its own, and is not led elsewhere."""
        encoded = query if isinstance(query, str) else str(httpx.QueryParams(dict(query)))
        method = "GET" if len(encoded) <= LONGEST_GET else "POST"
        async with self._connections.one(fresh=order) as http:
            call = self._breaker.admit()
            try:
                with self._observe(method, url, operation):
                    body = await self._exchange(http, method, url, encoded, redirects=not order)
                    answer = await asyncio.to_thread(decode, body, self._server.encoding, self._server.name)
            except Problem as problem:
                if isinstance(problem, BackendUnavailable) and problem.details.retryable:
                    self._breaker.failed(call)
                else:
                    self._breaker.succeeded()
                raise
            except BaseException:
                self._breaker.given_up(call)
                raise
            self._breaker.succeeded()
            return answer

    async def _exchange(
        self, http: httpx.AsyncClient, method: str, url: str, encoded: str, *, redirects: bool
    ) -> bytes:
        headers = dict(current_trace.get())
        if method == "GET":
            request = http.build_request(method, f"{url}?{encoded}", headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            request = http.build_request(method, url, content=encoded.encode(), headers=headers)
            # A redirected POST would arrive as a GET without its question.
            redirects = False
        try:
            response = await http.send(request, stream=True, follow_redirects=redirects)
            try:
                body = await read_whole(response, LARGEST_ANSWER, self._too_much)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise unreachable(self._server.name, error) from error
        if response.status_code != httpx.codes.OK:
            raise refused(self._server.name, response)
        return body


def _is_outage(error: Exception) -> bool:
    """Worth another try at once; not when the breaker has just said how long to wait."""
    return may_pass(error) and isinstance(error, Problem) and error.details.backend is not None


def _was_never_sent(error: Exception) -> bool:
    return isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout)
