"""The token of Autobahn's gateway, which lets its bearer into all of Autobahn's HTTP services."""

from collections.abc import Awaitable, Callable

import httpx

from scibus.autobahn.exchanges import Exchanges
from scibus.autobahn.servers import Server
from scibus.autobahn.settings import AutobahnSettings
from scibus.autobahn.tokens import Token, read_token
from scibus.autobahn.trust import Trust
from scibus.contracts.problems import BackendUnavailable, Forbidden, Unauthenticated
from scibus.runtime.kept import Kept


class GatewayToken:
    """Got by showing the client certificate, kept, and renewed before it ends.

    Args:
        settings: which certificate, and how long before the end.
        trust: checks the gateway.
        exchanges: with which it is asked.
        url: tells where the gateway is; used as it is.
    """

    def __init__(
        self, settings: AutobahnSettings, trust: Trust, exchanges: Exchanges, url: Callable[[], Awaitable[str]]
    ) -> None:
        self._certificate = settings.certificate
        self._margin = settings.token_margin
        self._trust = trust
        self._exchanges = exchanges
        self._url = url
        self._kept = Kept(self._fetch, settings.outage_pause)

    async def get(self) -> Token:
        """A token that is good now. While the gateway fails, the old one does until its end.

        Raises:
            Unauthenticated: the client certificate cannot be used, or the gateway does not accept it.
            Forbidden: the gateway knows it, and gives it no token.
            BackendUnavailable: the gateway is out of reach, or must not be trusted.
            BadBackendAnswer: what it gives is no token.
        """
        return await self._kept.get()

    async def newer(self, than: Token) -> Token:
        """A token that is not that one, which a server does not take any more.

        Raises:
            Problem: as `get` does.
        """
        return await self._kept.newer(than)

    async def close(self) -> None:
        """End what is under way."""
        await self._kept.close()

    async def _fetch(self) -> Token:
        url = await self._url()
        server = Server("the gateway", url, self._certificate)
        tls = await self._trust.context_showing(self._certificate)
        answer = await self._exchanges.get(server, url, "getjwt", tls)
        match answer.status:
            case httpx.codes.UNAUTHORIZED:
                raise Unauthenticated(
                    f"{server} does not accept the client certificate {self._certificate.cert}", backend=answer.fault
                )
            case httpx.codes.FORBIDDEN:
                raise Forbidden(
                    f"{server} gives no token for the client certificate {self._certificate.cert}", backend=answer.fault
                )
            case httpx.codes.NOT_FOUND:
                raise BackendUnavailable(
                    f"{server} gives no tokens at that URL: it is what the account server tells",
                    retryable=False,
                    backend=answer.fault,
                )
        token = read_token(answer.text, str(server), self._margin)
        # Who bears a token that names nobody is told here, not in the middle of something.
        _ = token.cn
        return token
