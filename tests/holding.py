"""Requests that a stand-in of the test's own process holds until the test lets them go."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from scibus.sandbox.standin import Fault, Response


@dataclass(frozen=True, kw_only=True)
class Held(Fault):
    """A request is answered when the test says so, however fast or slow the machine is."""

    over: asyncio.Event = field(default_factory=asyncio.Event, compare=False)

    async def spoil(self, answer: Callable[[], Awaitable[Response | None]]) -> Response | None:
        await self.over.wait()
        return await super().spoil(answer)

    def let_go(self) -> None:
        """Answer what is held, and hold nothing any more."""
        self.over.set()
