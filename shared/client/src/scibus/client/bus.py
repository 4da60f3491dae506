"""The bus as a Python program sees it."""

import asyncio
import os
import random
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from scibus.bus import headers as h
from scibus.bus.blobs import Blobs
from scibus.bus.connection import close_connection, open_connection
from scibus.bus.errors import NoAnswer
from scibus.bus.settings import BusSettings
from scibus.bus.tables import has_arrow
from scibus.bus.trace import current_trace
from scibus.client.answers import read_answer
from scibus.client.discovery import WorkerInfo, discover
from scibus.contracts.blobs import BlobRef
from scibus.contracts.drms import Drms
from scibus.contracts.model import Contract
from scibus.contracts.operations import CallOptions, Request, Service
from scibus.contracts.problems import Overloaded, TooLarge
from scibus.contracts.tables import ARROW_STREAM, JSON

Query = TypeVar("Query", bound=Contract)
Answer = TypeVar("Answer")
AnyService = TypeVar("AnyService", bound=Service)

SLACK = 2.0
"""Seconds beyond a request's timeout in which the worker's own `deadline` answer may still arrive."""
SPARE = 4096
BUSY_SECONDS = 1.0
SOON_SECONDS = 0.05
FIRST_TRIES = 5


class IgnoredFields(UserWarning):
    """The worker is older than this client: it left fields of the request alone."""


class Bus:
    """A connection to the bus. Services are attributes: `bus.drms.rs_list(...)`."""

    def __init__(self, connection: Client, options: CallOptions | None = None) -> None:
        self.connection = connection
        self.blobs = Blobs(connection)
        self._options = options or CallOptions()
        self.drms = self.service(Drms)

    def service(self, service: type[AnyService]) -> AnyService:
        """A service whose contracts come from elsewhere, connected to this bus."""
        return service(self, self._options)

    async def request(
        self, operation: Request[..., Query, Answer], query: Query, options: CallOptions | None = None
    ) -> Answer:
        """Ask, and return the answer. A worker without a free slot is asked again while there is time.

        Raises:
            Problem: what the worker answered instead.
            NoAnswer: no worker is there, or none answered in time.
            TooLarge: the request does not fit into a message; nothing was sent.
        """
        options = options or self._options
        until = time.monotonic() + options.timeout
        while True:
            try:
                return await self._ask(operation, query, options)
            except Overloaded as problem:
                pause = _pause(problem)
                left = until - time.monotonic() - pause
                if not options.wait_for_room or left <= 0:
                    raise
                await asyncio.sleep(pause)
                options = replace(options, timeout=left)

    async def _ask(self, operation: Request[..., Query, Answer], query: Query, options: CallOptions) -> Answer:
        name = f"{operation.service}.{operation.name}"
        body = query.model_dump_json(exclude_unset=True).encode()
        headers = _headers(operation, options)
        if len(body) + sum(map(len, [*headers, *headers.values()])) > self.connection.max_payload - SPARE:
            raise TooLarge(f"the request {name} has {len(body)} bytes, a message holds {self.connection.max_payload}")
        try:
            reply = await self.connection.request(
                operation.subject, body, timeout=options.timeout + SLACK, headers=headers
            )
        except NoRespondersError as error:
            raise NoAnswer(f"no worker serves {name}: `scibus services` tells which there are") from error
        except TimeoutError as error:
            raise NoAnswer(f"no answer to {name} within {options.timeout:g} s") from error
        except NatsError as error:
            raise NoAnswer(f"{name} could not be asked: {error}") from error
        if reply.headers and h.IGNORED in reply.headers:
            warnings.warn(f"{name} ignored the fields {reply.headers[h.IGNORED]}", IgnoredFields, stacklevel=4)
        answer: Answer = await read_answer(operation, reply.data, reply.headers or {}, self.blobs)
        return answer

    async def services(self, timeout: float = 1.0) -> list[WorkerInfo]:
        """The workers that are there, as they tell of themselves within `timeout` seconds."""
        return await discover(self.connection, timeout)

    async def download(self, ref: BlobRef, path: str | os.PathLike[str]) -> Path:
        """Stream a blob to `path`; the file appears only when it is whole and its SHA-256 was checked.

        Raises:
            NotFound: the blob is gone.
            BadBackendAnswer: its content is not what the reference says.
        """
        return await self.blobs.download(ref, Path(path))


@asynccontextmanager
async def connect(
    url: str | None = None,
    *,
    name: str = "scibus-client",
    timeout: float = CallOptions.timeout,
    authorization: str | None = None,
) -> AsyncIterator[Bus]:
    """Connect to the bus.

    Args:
        url: NATS servers, separated by commas; by default what `SCIBUS_NATS_URL` says.
        name: shown in the server's monitoring.
        timeout: seconds to wait for each answer, where a call says nothing else.
        authorization: value of the `Authorization` header of each request.

    Raises:
        NoAnswer: NATS is out of reach or refuses the login.
    """
    given: dict[str, Any] = {"nats_url": url} if url else {}
    settings = BusSettings(**given)
    try:
        connection = await open_connection(settings, name, attempts=FIRST_TRIES)
    except (OSError, NatsError, TimeoutError) as error:
        raise NoAnswer(f"NATS is out of reach: {error!r}") from error
    try:
        yield Bus(connection, CallOptions(timeout=timeout, authorization=authorization))
    finally:
        await close_connection(connection)


def _pause(problem: Overloaded) -> float:
    """Seconds until the next try, spread so that refused callers do not come back all at once."""
    asked = problem.details.retry_after
    return (BUSY_SECONDS if asked is None else max(asked, SOON_SECONDS)) * random.uniform(0.5, 1.0)  # noqa: S311


def _headers(operation: Request[..., Any, Any], options: CallOptions) -> dict[str, str]:
    headers = {h.CONTENT_TYPE: JSON, h.TIMEOUT: f"{options.timeout:g}", **current_trace.get()}
    if operation.answers_table and has_arrow():
        headers[h.ACCEPT] = ARROW_STREAM
    if options.authorization:
        headers[h.AUTHORIZATION] = options.authorization
    return headers
