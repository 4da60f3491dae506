"""Programs that submit jobs and ask, whatever happens, and count what they are told."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from scibus.contracts.problems import Problem
from tests.chaos.field import Field
from tests.chaos.verdict import Verdict

TIMEOUT = 4.0
"""Seconds that they wait for an answer, if nothing else is said."""
SLACK = 4.0
"""The client gives a worker's own `deadline` two seconds more, and a connection that takes nothing one."""


class Crowd:
    """Several programs at once.

    Attributes:
        accepted: ids of the jobs whose submission was acknowledged.
        answered: requests that were.
        refused: requests and submissions that got a retryable problem, in time.
        wrong: everything else that they were told.
    """

    def __init__(self, ground: Field, timeout: float) -> None:
        self._ground = ground
        self._timeout = timeout
        self.accepted: list[str] = []
        self.answered = 0
        self.refused = 0
        self.wrong: list[str] = []
        self.open = True

    async def submit_on(self, name: str) -> None:
        """One job after the other, each again and again under its id until it was accepted."""
        number = 1
        while self.open:
            job_id = f"{name}-{number}"
            if await self._counted(self._submit(job_id)):
                self.accepted.append(job_id)
                number += 1
            await asyncio.sleep(0.05)

    async def ask_on(self) -> None:
        """One request after the other."""
        while self.open:
            await self.ask(str(self.answered))
            await asyncio.sleep(0.05)

    async def ask(self, text: str) -> None:
        """One request."""
        self.answered += await self._counted(self._ask(text))

    async def _submit(self, job_id: str) -> None:
        await self._ground.probe.order.options(timeout=self._timeout).submit_as(job_id, seconds=0.4, acts=2)

    async def _ask(self, text: str) -> None:
        answer = await self._ground.probe.echo.options(timeout=self._timeout)(text=text)
        if answer.text != text:
            self.wrong.append("a request got the answer to another one")

    async def _counted(self, asking: Awaitable[None]) -> bool:
        """Whether it was done; if not, a problem has to say in time that it may be tried again."""
        began = time.monotonic()
        try:
            await asking
        except Problem as problem:
            self.refused += 1
            if not problem.details.retryable:
                self.wrong.append(f"refused for good: {problem}")
            return False
        except Exception as error:  # noqa: BLE001 - it is counted
            self.wrong.append(f"failed without a problem: {error!r}")
            return False
        finally:
            if (took := time.monotonic() - began) > self._timeout + SLACK:
                self.wrong.append(f"with a timeout of {self._timeout:g} s it took {took:.1f} s")
        return True


@asynccontextmanager
async def crowd(
    ground: Field, verdict: Verdict, *, submitters: int = 0, askers: int = 0, timeout: float = TIMEOUT
) -> AsyncIterator[Crowd]:
    """That many of them, for as long as the block runs."""
    one = Crowd(ground, timeout)
    tasks = [asyncio.create_task(one.submit_on(f"order-{number}")) for number in range(submitters)]
    tasks += [asyncio.create_task(one.ask_on()) for _ in range(askers)]
    try:
        yield one
    finally:
        one.open = False
        await asyncio.gather(*tasks)
    verdict.jobs += one.answered
    verdict.wrong += one.wrong[:5]
    verdict.expect(bool(one.answered) == bool(askers), "no request was answered")
    if askers:
        verdict.figures["answered"] = str(one.answered)
    verdict.figures["tried again"] = str(one.refused)
