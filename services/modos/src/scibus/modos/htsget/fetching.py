"""One block on its way: resumed where a connection breaks, never taken for whole before it is."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from urllib.parse import urlsplit

import httpx

from scibus.contracts.problems import BackendFault, BackendUnavailable, BadBackendAnswer, Problem
from scibus.modos.htsget.redirects import BadRedirect, opened
from scibus.modos.htsget.renewing import ValidTicket
from scibus.modos.htsget.tickets import ByteRange
from scibus.runtime.http.calls import Observe, unobserved
from scibus.runtime.http.refusals import refused, unreachable
from scibus.runtime.http.resuming import StartAgain, length_of, pause, validator_of

TRIES = 5
"""In a row that may bring no byte."""
TICKETS_IN_VAIN = 2
"""New tickets in a row that may bring no byte."""
EXPIRED = frozenset({401, 403, 404, 410})
"""What a host says to a URL whose signature is too old, or whose file it has put away."""
CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)")


class Fetch:
    """One block of a ticket.

    Args:
        http: sends no login of its own and follows no redirects.
        valid: the ticket.
        position: of the block in it.
        observe: hears of each exchange.
    """

    def __init__(
        self, http: httpx.AsyncClient, valid: ValidTicket, position: int, observe: Observe = unobserved
    ) -> None:
        self._http = http
        self._valid = valid
        self._position = position
        self._observe = observe
        self._range = valid.block(position).range or ByteRange(0, None)
        self._is_asked_for_part = valid.block(position).range is not None
        self._received = 0
        self._length: int | None = None
        self._validator: str | None = None
        self._is_whole = False

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The bytes of the block, each once and in order, however often the connection breaks.

        Raises:
            StartAgain: the file changed meanwhile, or its host cannot go on where it broke off.
            BackendUnavailable: no more bytes came (retryable).
            BadBackendAnswer: the host has something else than the ticket says.
        """
        idle = renewed = 0
        while not self._is_whole:
            before, version = self._received, self._valid.version
            try:
                async with aclosing(self._exchange()) as pieces:
                    async for piece in pieces:
                        yield piece
            except _Expired as expired:
                renewed = 1 if self._received > before else renewed + 1
                if renewed > TICKETS_IN_VAIN:
                    raise expired.problem from expired
                await self._valid.renew(version)
            except BackendUnavailable as problem:
                if self._received == self._length:
                    return
                if not problem.details.retryable:
                    raise
                idle, renewed = (0, 0) if self._received > before else (idle + 1, renewed)
                if idle >= TRIES:
                    raise self._broken_off(problem) from problem
                self._check_resumable(problem)
                await asyncio.sleep(pause(idle))

    async def _exchange(self) -> AsyncGenerator[bytes, None]:
        """What one answer brings of the block."""
        block = self._valid.block(self._position)
        server = _host(block.url)
        with self._observe("GET", block.url, "{block}"):
            try:
                async with opened(self._http, block.url, block.headers, self._sent) as response:
                    self._begin(response, server)
                    async for piece in response.aiter_raw():
                        self._received += len(piece)
                        if self._length is not None and self._received > self._length:
                            raise self._wrong(server, f"sends more than {self._length} bytes of")
                        yield piece
            except BadRedirect as error:
                raise self._wrong(server, str(error) + " for") from error
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, ConnectionError) as error:
                raise unreachable(server, error) from error
        if self._length is not None and self._received < self._length:
            raise BackendUnavailable(
                f"{server} ended a block after {self._received} of {self._length} bytes", backend=_fault(server)
            )
        self._is_whole = True

    def _sent(self, headers: Mapping[str, str]) -> dict[str, str]:
        # Encoded, the bytes would not be those that Content-Length and ranges count.
        sent = {name: value for name, value in headers.items() if name.lower() != "accept-encoding"}
        sent["Accept-Encoding"] = "identity"
        if self._is_asked_for_part or self._received:
            last = "" if self._range.last is None else self._range.last
            sent["Range"] = f"bytes={self._range.first + self._received}-{last}"
        if self._received and self._validator:
            sent["If-Range"] = self._validator
        return sent

    def _begin(self, response: httpx.Response, server: str) -> None:
        """Read what an answer says about the block, and whether it goes on where the last one ended."""
        code = response.status_code
        if code in EXPIRED:
            raise _Expired(self._wrong(server, f"answers with HTTP {code} for"))
        if self._received:
            self._go_on(response, server)
        elif code == httpx.codes.PARTIAL_CONTENT and self._is_asked_for_part:
            self._length = self._length_of_part(response, server)
        elif code == httpx.codes.OK:
            self._length = length_of(response)
            if self._is_asked_for_part and (self._range.first or self._range.length is not None):
                # Some hosts send the part but not its status; any other length is the whole file.
                if self._length is None or self._length != self._range.length:
                    raise self._wrong(server, "does not heed the Range of")
            elif self._length is None and "Transfer-Encoding" not in response.headers:
                # What ends with the connection looks the same whole and cut.
                raise self._wrong(server, "does not tell the length of")
        elif code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise self._wrong(server, "has no such bytes as those of")
        elif code < httpx.codes.BAD_REQUEST:
            raise self._wrong(server, f"answers with HTTP {code} for")
        else:
            raise refused(server, response, wait=10.0)
        if not self._received:
            self._validator = validator_of(response)

    def _length_of_part(self, response: httpx.Response, server: str) -> int:
        """Bytes that a partial answer brings: those that were asked for, or as many of them as there are."""
        part = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if not part:
            raise self._wrong(server, "does not say which part it sends of")
        first, last = int(part[1]), int(part[2])
        ends = part[3].isdecimal() and last + 1 == int(part[3])
        if first != self._range.first or last < first or not (last == self._range.last or ends):
            raise self._wrong(server, "sends another part than was asked for of")
        if self._range.last is not None and last > self._range.last:
            raise self._wrong(server, "sends more than was asked for of")
        return last - first + 1

    def _go_on(self, response: httpx.Response, server: str) -> None:
        code = response.status_code
        if code in (httpx.codes.OK, httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE):
            raise StartAgain(self._changed(server))
        if code != httpx.codes.PARTIAL_CONTENT:
            raise refused(server, response, wait=10.0)
        part = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        rest = (self._range.first + self._received, self._range.first + (self._length or 0) - 1)
        if not part or (int(part[1]), int(part[2])) != rest or validator_of(response) not in (self._validator, None):
            raise StartAgain(self._changed(server))

    def _check_resumable(self, problem: Problem) -> None:
        if self._received and (self._validator is None or self._length is None):
            raise StartAgain(self._broken_off(problem))

    def _broken_off(self, problem: Problem) -> BackendUnavailable:
        of = "" if self._length is None else f" of {self._length}"
        return BackendUnavailable(
            f"block {self._position + 1} could not be fetched whole: {self._received}{of} bytes came; {problem}",
            retry_after=problem.details.retry_after,
            backend=problem.details.backend,
        )

    def _changed(self, server: str) -> BackendUnavailable:
        return BackendUnavailable(
            f"block {self._position + 1} changed while it was fetched, or {server} cannot resume it",
            backend=_fault(server),
        )

    def _wrong(self, server: str, how: str) -> BadBackendAnswer:
        return BadBackendAnswer(f"{server} {how} block {self._position + 1} of a ticket", backend=_fault(server))


class _Expired(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _host(url: str) -> str:
    """What a problem may tell of a URL: it may be signed."""
    return f"the block host {urlsplit(url).hostname}"


def _fault(server: str) -> BackendFault:
    return BackendFault(name=server)
