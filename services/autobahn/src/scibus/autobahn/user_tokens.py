"""Tokens for NATS: one for each dataset, and one for all standing queries."""

from collections import OrderedDict

from scibus.autobahn.account_server import AccountServer
from scibus.autobahn.datasets import Dataset
from scibus.autobahn.gateway import GatewayToken
from scibus.autobahn.settings import AutobahnSettings
from scibus.autobahn.tokens import Token
from scibus.runtime.kept import Kept

MOST_KEPT = 256


class UserTokens:
    """Got from the account server, kept, and renewed before they end: at two thirds of a short life."""

    def __init__(self, account_server: AccountServer, gateway_token: GatewayToken, settings: AutobahnSettings) -> None:
        self._account_server = account_server
        self._gateway_token = gateway_token
        self._pause = settings.outage_pause
        self._kept: OrderedDict[str, Kept[Token]] = OrderedDict()

    def of(self, dataset: Dataset) -> Kept[Token]:
        """The token for `dataset`; what its `get` raises is what `AccountServer.user_token` does."""
        kept = self._kept.get(dataset.token_path)
        if kept is None:
            self._make_room()
            kept = Kept(lambda: self._account_server.user_token(dataset, self._gateway_token), self._pause)
            self._kept[dataset.token_path] = kept
        self._kept.move_to_end(dataset.token_path)
        return kept

    def _make_room(self) -> None:
        resting = [path for path, kept in self._kept.items() if not kept.is_fetching]
        for path in resting[: max(0, len(self._kept) + 1 - MOST_KEPT)]:
            del self._kept[path]

    async def close(self) -> None:
        """End what is under way."""
        for kept in self._kept.values():
            await kept.close()
