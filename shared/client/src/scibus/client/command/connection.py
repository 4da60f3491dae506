"""How a subcommand reaches the bus: the options for it, and the connection."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from scibus.bus.errors import NoAnswer
from scibus.bus.headers import LONGEST_TIMEOUT
from scibus.bus.settings import BusSettings
from scibus.client.bus import Bus, connect
from scibus.client.command.interrupting import run
from scibus.contracts.calls import CallOptions

PANEL = "Connection"
Answer = TypeVar("Answer")

Url = Annotated[
    str | None,
    typer.Option(
        help="NATS servers, separated by commas. By default SCIBUS_NATS_URL, or nats://127.0.0.1:4222.",
        rich_help_panel=PANEL,
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        help=f"Seconds to wait for an answer; {CallOptions.timeout:g} by default.",
        min=0.1,
        max=LONGEST_TIMEOUT,
        rich_help_panel=PANEL,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        help="Token (JWT) that tells who asks. Better in the environment: other users see command lines.",
        envvar="SCIBUS_TOKEN",
        rich_help_panel=PANEL,
    ),
]
ProblemJson = Annotated[
    bool,
    typer.Option("--problem-json", help="Tell problems on standard error as RFC 9457 JSON.", rich_help_panel=PANEL),
]


@dataclass(frozen=True)
class Reach:
    """Where the bus is and who asks; what is not given is None."""

    url: str | None = None
    timeout: float | None = None
    token: str | None = None
    problem_json: bool = False

    def over(self, general: "Reach") -> "Reach":
        """This, and what `general` says where this says nothing."""
        return Reach(
            self.url or general.url,
            self.timeout or general.timeout,
            self.token or general.token,
            self.problem_json or general.problem_json,
        )

    @asynccontextmanager
    async def bus(self) -> AsyncIterator[Bus]:
        """A connection to the bus.

        Raises:
            NoAnswer: NATS is out of reach or refuses the login.
            typer.BadParameter: a setting or the token is wrong.
        """
        servers, options = self._servers(), self.options()
        async with AsyncExitStack() as stack:
            try:
                bus = await stack.enter_async_context(
                    connect(
                        self.url,
                        name="scibus-command",
                        timeout=options.timeout,
                        authorization=options.authorization,
                    )
                )
            except NoAnswer as error:
                if not error.details.retryable:
                    raise
                raise NoAnswer(
                    f"NATS is out of reach at {servers} ({error.__cause__}): `scibus up` runs a bus to try things on"
                ) from error
            yield bus

    def ask(self, question: Callable[[Bus], Awaitable[Answer]]) -> Answer:
        """What `question` gets from the bus. Raises what `bus` raises."""

        async def asked() -> Answer:
            async with self.bus() as bus:
                return await question(bus)

        return run(asked())

    def options(self, not_after: datetime | None = None) -> CallOptions:
        """How something is asked for.

        Raises:
            typer.BadParameter: the token is wrong.
        """
        return CallOptions(
            timeout=self.timeout or CallOptions.timeout, authorization=self._authorization(), not_after=not_after
        )

    def _authorization(self) -> str | None:
        if not self.token:
            return None
        if not (self.token.isascii() and self.token.isprintable() and " " not in self.token):
            raise typer.BadParameter("a token is ASCII without blanks and line breaks", param_hint="--token")
        return f"Bearer {self.token}"

    def _servers(self) -> str:
        """The servers' addresses, without the passwords in them."""
        try:
            settings = BusSettings(nats_url=self.url) if self.url else BusSettings()
        except ValidationError as error:
            raise typer.BadParameter("; ".join(map(_told, error.errors()))) from None
        return ", ".join(map(_address, settings.nats_urls))


def _told(fault: Any) -> str:
    name = f"SCIBUS_{str(fault['loc'][0]).upper()} " if fault["loc"] else ""
    return name + str(fault["msg"]).removeprefix("Value error, ")


def _address(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"nats://{url}")
    return f"{parts.hostname}:{parts.port or 4222}"
