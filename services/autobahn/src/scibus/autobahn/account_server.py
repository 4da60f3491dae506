"""The MDB account server: it tells where everything is, and gives tokens for NATS to who is entitled."""

import time
from urllib.parse import urlsplit

import httpx

from scibus.autobahn.datasets import STREAMQL, Dataset
from scibus.autobahn.exchanges import Answer, Exchanges
from scibus.autobahn.gateway import GatewayToken
from scibus.autobahn.places import KnownPlaces, Places, read_places
from scibus.autobahn.servers import Server
from scibus.autobahn.settings import AutobahnSettings
from scibus.autobahn.tokens import Token, read_token
from scibus.autobahn.trust import Trust
from scibus.contracts.problems import BackendUnavailable, Forbidden, NotFound, Unauthenticated
from scibus.runtime.kept import Kept

ROLE = "the account server"
CONFIG_PATH = "/api/v1/config"
CONFIG_SECONDS = 600.0
"""For which what it tells is kept; longer while it is down."""


class AccountServer:
    """Asked over TLS without a client certificate.

    Args:
        settings: where it is.
        trust: checks it.
        exchanges: with which it is asked.
    """

    def __init__(self, settings: AutobahnSettings, trust: Trust, exchanges: Exchanges) -> None:
        # The path of the URL is not ours to keep: the published client replaces it too.
        self._config_url = urlsplit(settings.url)._replace(path=CONFIG_PATH, fragment="").geturl()
        self._margin = settings.token_margin
        self._trust = trust
        self._exchanges = exchanges
        self._known = Kept(self._ask_for_places, settings.outage_pause)

    async def places(self) -> Places:
        """Where the parts of the MDB are.

        Raises:
            BackendUnavailable: the server is out of reach, no account server, or must not be trusted.
            BadBackendAnswer: it does not tell.
        """
        return (await self._known.get()).places

    async def gateway_url(self) -> str:
        """Where the gateway is.

        Raises:
            Problem: as `places` does.
        """
        return (await self.places()).api_gateway_url

    async def user_token(self, dataset: Dataset, gateway_token: GatewayToken) -> Token:
        """A token for NATS that lets its bearer read `dataset`, or all datasets of its scope.

        Raises:
            Forbidden: the bearer of `gateway_token` is not entitled to it.
            NotFound: there is no such dataset.
            Unauthenticated: the server does not accept the gateway's token, nor a new one.
            BackendUnavailable: the server is out of reach, or must not be trusted.
            BadBackendAnswer: what it gives is no token.
            Problem: there is no gateway token.
        """
        url = (await self.places()).mas_url.rstrip("/") + dataset.token_path
        server = Server(ROLE, url)
        bearer = await gateway_token.get()
        answer = await self._ask(server, url, dataset, bearer)
        if answer.status == httpx.codes.UNAUTHORIZED:
            bearer = await gateway_token.newer(bearer)
            answer = await self._ask(server, url, dataset, bearer)
        if answer.status != httpx.codes.OK:
            raise _refusal(answer, server, dataset, bearer)
        return read_token(answer.text, str(server), self._margin)

    async def close(self) -> None:
        """End what is under way."""
        await self._known.close()

    async def _ask(self, server: Server, url: str, dataset: Dataset, bearer: Token) -> Answer:
        template = "streamql/jwt" if dataset.scope == STREAMQL else "user/jwt/{dataset}"
        return await self._exchanges.get(server, url, template, await self._trust.context(), bearer.headers())

    async def _ask_for_places(self) -> KnownPlaces:
        server = Server(ROLE, self._config_url)
        answer = await self._exchanges.get(server, self._config_url, "config", await self._trust.context())
        if answer.status != httpx.codes.OK:
            raise BackendUnavailable(
                f"{server} answered with HTTP {answer.status}: is SCIBUS_AUTOBAHN_URL the MDB account server's?",
                retryable=False,
                backend=answer.fault,
            )
        return KnownPlaces(read_places(answer.text, str(server)), time.time() + CONFIG_SECONDS)


def _refusal(answer: Answer, server: Server, dataset: Dataset, bearer: Token) -> Forbidden | NotFound | Unauthenticated:
    match answer.status:
        case httpx.codes.FORBIDDEN:
            return Forbidden(f"{bearer.cn} is not entitled to the dataset {dataset.slug!r}", backend=answer.fault)
        case httpx.codes.NOT_FOUND:
            return NotFound(f"the MDB has no dataset {dataset.slug!r}", backend=answer.fault)
    return Unauthenticated(f"{server} does not accept a new token of the gateway either", backend=answer.fault)
