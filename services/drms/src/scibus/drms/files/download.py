"""Files over HTTP: streamed, resumed where a connection breaks, never taken for whole before they are."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from scibus.bus.trace import current_trace
from scibus.contracts.problems import BackendFault, BackendUnavailable, BadBackendAnswer, NotFound, Problem
from scibus.drms.connections import Connections
from scibus.drms.refusals import refused
from scibus.runtime.http.refusals import unreachable
from scibus.runtime.http.resuming import StartAgain, length_of, pause, validator_of

POLITE_SECONDS = 5.0
"""After which a file that is not yet whole lets a question pass that waits for the connection."""


class Download:
    """One file on its way.

    Args:
        connections: to its server.
        server: name of the server.
        url: of the file, with whatever login it holds.
        filename: what the file is called in problems.
        auth: login, if the file lies on the server's own host.
        tries: in a row that may bring no byte.
    """

    def __init__(
        self,
        connections: Connections,
        server: str,
        url: str,
        filename: str,
        auth: httpx.Auth | None,
        tries: int,
    ) -> None:
        self.content_type = ""
        self._connections = connections
        self._server = server
        self._url = url
        self._filename = filename
        self._auth = auth
        self._tries = tries
        self._received = 0
        self._size: int | None = None
        self._validator: str | None = None
        self._is_whole = False

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The bytes of the file, each once and in order, however often the connection breaks.

        Raises:
            StartAgain: the file changed meanwhile, or the server cannot go on where it broke off.
            NotFound: there is no such file.
            BackendUnavailable: no more bytes came (retryable).
        """
        idle = 0
        while not self._is_whole:
            before = self._received
            try:
                async with aclosing(self._exchange()) as pieces:
                    async for piece in pieces:
                        yield piece
            except BackendUnavailable as problem:
                if self._received == self._size:
                    return
                if not problem.details.retryable:
                    raise
                idle = 0 if self._received > before else idle + 1
                if idle >= self._tries:
                    raise self._broken_off(problem) from problem
                self._check_resumable(problem)
                await asyncio.sleep(pause(idle))

    async def _exchange(self) -> AsyncGenerator[bytes, None]:
        """What one answer brings of the file; less than all when a question waits."""
        async with self._connections.one() as http:
            request = http.build_request("GET", self._url, headers=self._headers())
            began = time.monotonic()
            try:
                response = await http.send(request, stream=True, follow_redirects=True, auth=self._auth)
                try:
                    self._begin(response)
                    async for piece in response.aiter_raw():
                        self._received += len(piece)
                        yield piece
                        if self._may_pause and time.monotonic() - began > POLITE_SECONDS:
                            return
                finally:
                    await response.aclose()
            except httpx.HTTPError as error:
                raise unreachable(self._server, error) from error
            self._is_whole = self._size in (None, self._received)

    @property
    def _may_pause(self) -> bool:
        return self._connections.wanted and self._validator is not None and self._received != self._size

    def _headers(self) -> dict[str, str]:
        # Encoded, the bytes would not be those that Content-Length and ranges count.
        headers = {**current_trace.get(), "Accept-Encoding": "identity"}
        if self._received:
            headers |= {"Range": f"bytes={self._received}-", "If-Range": self._validator or ""}
        return headers

    def _begin(self, response: httpx.Response) -> None:
        """Read what an answer says about the file, and whether it goes on where the last one ended."""
        code = response.status_code
        if code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            fault = BackendFault(name=self._server, status=code)
            raise NotFound(f"{self._server} has no file {self._filename} (HTTP {code})", backend=fault)
        if not self._received:
            if code != httpx.codes.OK:
                raise refused(self._server, response)
            self._size = length_of(response)
            if self._size is None and "Transfer-Encoding" not in response.headers:
                # What ends with the connection looks the same whole and cut.
                fault = BackendFault(name=self._server)
                raise BadBackendAnswer(f"{self._server} does not tell how long {self._filename} is", backend=fault)
            self._validator = validator_of(response)
            self.content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        elif code in (httpx.codes.OK, httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE):
            raise StartAgain(self._changed())
        elif code != httpx.codes.PARTIAL_CONTENT:
            raise refused(self._server, response)
        elif not self._goes_on(response):
            raise StartAgain(self._changed())

    def _goes_on(self, response: httpx.Response) -> bool:
        """Whether a partial answer is all that is still to come, and of the same file."""
        is_rest = response.headers.get("Content-Range") == self._rest
        return is_rest and validator_of(response) in (self._validator, None)

    @property
    def _rest(self) -> str:
        """`Content-Range` of all that is still to come."""
        return f"bytes {self._received}-{(self._size or 0) - 1}/{self._size}"

    def _check_resumable(self, problem: Problem) -> None:
        if self._received and (self._validator is None or self._size is None):
            raise StartAgain(self._broken_off(problem))

    def _broken_off(self, problem: Problem) -> BackendUnavailable:
        of = "" if self._size is None else f" of {self._size}"
        return BackendUnavailable(
            f"{self._filename} could not be fetched whole: {self._received}{of} bytes came; {problem}",
            retry_after=problem.details.retry_after,
            backend=problem.details.backend,
        )

    def _changed(self) -> BackendUnavailable:
        return BackendUnavailable(
            f"{self._filename} changed while it was fetched, or {self._server} cannot resume it",
            backend=BackendFault(name=self._server),
        )
