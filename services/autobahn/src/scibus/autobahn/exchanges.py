"""HTTP with Autobahn's servers: each exchange bounded in time and size, and tried again where that may help.

Exchanges are rare, a few in the life of a token. Each has a connection of its own, so none is found closed, and a
certificate or a bundle that was renewed counts from the next one on.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import stamina

from scibus.autobahn.refusals import BACKEND, refused, unreachable
from scibus.autobahn.servers import Server
from scibus.autobahn.settings import AutobahnSettings
from scibus.bus.trace import current_trace
from scibus.contracts.problems import BackendFault, BackendUnavailable, BadBackendAnswer
from scibus.runtime.http import Observe
from scibus.runtime.http.bodies import read_whole
from scibus.runtime.http.refusals import may_pass

LARGEST_ANSWER = 64 * 1024
"""Bytes. A token for many datasets takes some thousand."""
AT_ONCE = 8
UNDERSTOOD = {httpx.codes.OK, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}


@dataclass(frozen=True)
class Answer:
    """What a server said.

    Attributes:
        status: HTTP status, one of `UNDERSTOOD`.
        text: the body, without white space around it.
        fault: the same as a problem tells it.
    """

    status: int
    text: str
    fault: BackendFault


class Exchanges:
    """GET requests, a few at a time."""

    def __init__(self, settings: AutobahnSettings, observe: Observe) -> None:
        self._observe = observe
        self._attempts = settings.attempts
        self._timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout)
        self._longest = settings.connect_timeout + settings.read_timeout
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def get(
        self, server: Server, url: str, template: str, tls: ssl.SSLContext, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """What `server` says about `url`.

        Args:
            server: for what is said when it fails.
            url: what to get.
            template: a name for all URLs of the kind, for metrics.
            tls: checks the server.
            headers: of the request.

        Raises:
            BackendUnavailable: the server is down, in maintenance or out of reach, or must not be trusted.
            Unauthenticated: it does not accept the client certificate that `tls` shows.
            BadBackendAnswer: it says more than anything that was asked for takes.
        """
        async for attempt in stamina.retry_context(
            on=may_pass, attempts=self._attempts, timeout=None, wait_initial=0.2, wait_max=2.0
        ):
            with attempt:
                async with self._turns:
                    with self._observe("GET", url, template):
                        return await self._once(server, url, tls, headers or {})
        raise AssertionError("stamina ends with a result or an error")

    async def _once(self, server: Server, url: str, tls: ssl.SSLContext, headers: Mapping[str, str]) -> Answer:
        try:
            async with (
                asyncio.timeout(self._longest),
                httpx.AsyncClient(verify=tls, timeout=self._timeout) as http,
                http.stream(
                    "GET", url, headers={"User-Agent": "scibus-autobahn", **current_trace.get(), **headers}
                ) as response,
            ):
                too_much = BadBackendAnswer(f"{server} answers with more than {LARGEST_ANSWER >> 10} KiB")
                body = await read_whole(response, LARGEST_ANSWER, too_much)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # An alert that arrives after the handshake is no httpx.HTTPError, and a TimeoutError is an OSError.
            raise unreachable(server, error) from error
        return _understood(server, response, body)


def _understood(server: Server, response: httpx.Response, body: bytes) -> Answer:
    text = body.decode(errors="replace").strip()
    status = response.status_code
    if status not in UNDERSTOOD:
        raise refused(server, response)
    fault = BackendFault(name=BACKEND, status=status, message=response.reason_phrase)
    if status == httpx.codes.OK and text.startswith("<"):
        raise BackendUnavailable(f"{server} answers with a web page: is it in maintenance?", backend=fault)
    return Answer(status, text, fault)
