"""How a connection to the MDB begins, or why it does not."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.autobahn.account_server import AccountServer
from scibus.autobahn.gateway import GatewayToken
from scibus.autobahn.login import BearerLogin
from scibus.autobahn.refusals import unreachable
from scibus.autobahn.servers import Server
from scibus.autobahn.settings import AutobahnSettings
from scibus.autobahn.tokens import Token
from scibus.autobahn.trust import Trust
from scibus.bus.connection import LoginRefusedError, open_connection
from scibus.contracts.problems import BackendUnavailable, Problem, Unauthenticated

FURTHER_TRIES = 1
OPEN_SECONDS = 20.0
RECONNECT_SECONDS = 1.0
"""Between two tries to come back to a server that went away."""


@dataclass(frozen=True)
class Callbacks:
    """Who is told what happens to a connection.

    Attributes:
        error: of errors that nobody waits for.
        reconnect: that it is back.
        close: that it is closed for good.
    """

    error: Callable[[Exception], Awaitable[None]]
    reconnect: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]


class Entrance:
    """Opens connections to the MDB's NATS server."""

    def __init__(
        self, settings: AutobahnSettings, trust: Trust, account_server: AccountServer, gateway_token: GatewayToken
    ) -> None:
        self._websocket = settings.websocket
        self._trust = trust
        self._account_server = account_server
        self._gateway_token = gateway_token

    async def connect(self, scope: str, token: Callable[[], Token], callbacks: Callbacks) -> Client:
        """A connection that keeps coming back until it is closed, each time with the token that there is then.

        Args:
            scope: of the datasets that it is for.
            token: tells the token for them.
            callbacks: who is told what happens to it, from the beginning.

        Raises:
            Unauthenticated: the server does not accept the token.
            BackendUnavailable: the server is out of reach, or must not be trusted.
            Problem: the account server or the gateway does not help.
        """
        url = await self._url()
        bearer = await self._gateway_token.get()
        login = BearerLogin(url, await self._trust.context(), token)
        server = Server("the NATS server", url)
        errors: list[Exception] = []

        async def on_error(error: Exception) -> None:
            if not came_in:
                errors.append(error)
            await callbacks.error(error)

        came_in = False
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                connection = await open_connection(
                    login,
                    f"scibus: {bearer.cn} ({scope})",
                    attempts=FURTHER_TRIES,
                    on_error=on_error,
                    on_reconnect=callbacks.reconnect,
                    on_close=callbacks.close,
                )
        except LoginRefusedError:
            raise Unauthenticated(f"{server} does not accept the token for {scope!r}") from None
        except (NatsError, OSError) as error:
            raise _told(server, errors[-1] if errors else error) from error
        came_in = True
        connection.options["reconnect_time_wait"] = RECONNECT_SECONDS
        return connection

    async def refresh(self, connection: Client) -> None:
        """Let `connection` come back to where the server is now, checked with the bundle as it is now."""
        with suppress(Problem):
            connection.options["tls"] = await self._trust.context()
            url = await self._url()
            if url not in [known.geturl() for known in connection.servers]:
                connection.set_server_pool([url])

    async def _url(self) -> str:
        return (await self._account_server.places()).nats(websocket=self._websocket)


def _told(server: Server, error: Exception) -> Problem:
    if isinstance(error, NatsError):
        return BackendUnavailable(f"{server} does not let us in ({error})")
    return unreachable(server, error)
