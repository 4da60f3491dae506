"""The Mission Data Broker, as whoever wants to get in meets it."""

from types import TracebackType
from typing import Self

from scibus.autobahn.account_server import AccountServer
from scibus.autobahn.entrance import Entrance
from scibus.autobahn.exchanges import Exchanges
from scibus.autobahn.gateway import GatewayToken
from scibus.autobahn.sessions import Sessions
from scibus.autobahn.settings import AutobahnSettings
from scibus.autobahn.trust import Trust
from scibus.autobahn.user_tokens import UserTokens
from scibus.runtime.http import Observe, unobserved


class Mdb:
    """Account server, gateway and NATS, wired to each other. Closed at the end of `async with`, or by `close`.

    Attributes:
        account_server: tells where everything is.
        gateway_token: lets its bearer into Autobahn's HTTP services.
        user_tokens: let their bearers into NATS.
        sessions: connections to NATS.
    """

    def __init__(self, settings: AutobahnSettings, observe: Observe = unobserved) -> None:
        trust, exchanges = Trust(settings.ca_bundle), Exchanges(settings, observe)
        self.account_server = AccountServer(settings, trust, exchanges)
        self.gateway_token = GatewayToken(settings, trust, exchanges, self.account_server.gateway_url)
        self.user_tokens = UserTokens(self.account_server, self.gateway_token, settings)
        entrance = Entrance(settings, trust, self.account_server, self.gateway_token)
        self.sessions = Sessions(settings, self.user_tokens, entrance)

    async def close(self) -> None:
        """End all connections, and whatever is under way."""
        await self.sessions.close()
        await self.user_tokens.close()
        await self.gateway_token.close()
        await self.account_server.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
