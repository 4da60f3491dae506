"""The list of promises: each is a scenario that breaks something on purpose and counts what became of the jobs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module

from tests.chaos.verdict import Verdict

PAGES = [
    "killed",
    "exports",
    "objects",
    "server",
    "cluster",
    "network",
    "poison",
    "twice",
    "cancel",
    "shutdown",
    "full",
    "many",
    "clocks",
    "live",
]
LONGEST_SECONDS = 400.0

Scenario = Callable[[Verdict, bool], Awaitable[None]]


@dataclass(frozen=True)
class Promise:
    """One line of the list.

    Attributes:
        page: the module that holds it.
        text: what is promised.
        scenario: called with what it counts into, and whether all of it shall happen or a short form.
        short: whether there is a short form.
    """

    page: str
    text: str
    scenario: Scenario
    short: bool

    @property
    def name(self) -> str:
        """For the command line."""
        return f"{self.page}.{self.scenario.__name__}"

    async def put_to_the_test(self, *, whole: bool) -> Verdict:
        """Break things, and count."""
        verdict = Verdict(self.text)
        began = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self.scenario(verdict, whole)
        except Exception as error:  # noqa: BLE001 - one scenario must not keep the others from being told
            verdict.wrong.append(f"it broke off: {error!r}")
        verdict.figures["s"] = f"{time.monotonic() - began:.0f}"
        return verdict


_promises: list[Promise] = []


def promise(text: str, *, short: bool = True) -> Callable[[Scenario], Scenario]:
    """Put a scenario on the list."""

    def register(scenario: Scenario) -> Scenario:
        _promises.append(Promise(scenario.__module__.rpartition(".")[2], text, scenario, short))
        return scenario

    return register


def promises() -> list[Promise]:
    """All of them, in the order of the list."""
    for page in PAGES:
        import_module(f"tests.chaos.{page}")
    return sorted(_promises, key=lambda promise: PAGES.index(promise.page))
