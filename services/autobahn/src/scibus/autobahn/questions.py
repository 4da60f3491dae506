"""Requests on a connection that is made anew now and then."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Never

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NoReplyError

from scibus.autobahn.denials import Denials
from scibus.bus.sturdy import answer_to
from scibus.contracts.problems import BackendUnavailable


class Questions:
    """Told at once when the server denies them, and not under way while the connection is exchanged.

    Args:
        denials: tells what the server denies.
    """

    def __init__(self, denials: Denials) -> None:
        self._denials = denials
        self._under_way = 0
        self._none_under_way = asyncio.Event()
        self._none_under_way.set()
        self._may_go = asyncio.Event()
        self._may_go.set()

    async def ask(self, connection: Client, subject: str, body: bytes, timeout: float) -> bytes:
        """The answer to `body` on `subject`.

        Raises:
            Forbidden: the server denies it.
            BackendUnavailable: nothing was answered within `timeout` seconds, or nobody hears there.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._may_go.wait()
                with self._counted(), self._denials.of(subject) as denied:
                    return await _first(answer_to(connection, subject, body, timeout=timeout), denied)
        except (NoReplyError, TimeoutError):
            raise BackendUnavailable(f"the MDB did not answer on {subject} within {timeout:g} s") from None
        except NoRespondersError:
            raise BackendUnavailable(f"nobody in the MDB hears on {subject}") from None
        except NatsError as error:
            raise BackendUnavailable(f"the MDB cannot be asked on {subject} ({error})") from error

    @asynccontextmanager
    async def paused(self, patience: float) -> AsyncIterator[None]:
        """While the block runs, no question is under way; what is not answered in `patience` seconds may be lost."""
        self._may_go.clear()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._none_under_way.wait(), patience)
            yield
        finally:
            self._may_go.set()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._under_way += 1
        self._none_under_way.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._none_under_way.set()


async def _first(answer: Coroutine[Any, Any, bytes], denied: asyncio.Future[Never]) -> bytes:
    """The answer, unless it is denied before."""
    answering = asyncio.create_task(answer)
    try:
        await asyncio.wait((answering, denied), return_when=asyncio.FIRST_COMPLETED)
        return denied.result() if denied.done() else answering.result()
    finally:
        answering.cancel()
        await asyncio.wait((answering,))
