"""Questions that carry the worker's token, and are asked again with a new one where it is refused."""

from typing import Any

import httpx

from scibus.contracts.problems import Unauthenticated
from scibus.modos.access.bearer import LOGIN, Bearer
from scibus.runtime.http import Observe
from scibus.runtime.http.web_service import Answer, WebService

REFUSED = 401


class AuthorizedWeb(WebService):
    """Asks the deployment's own hosts with the worker's token; all others without."""

    def __init__(self, http: httpx.AsyncClient, observe: Observe, *, attempts: int, bearer: Bearer) -> None:
        super().__init__(http, observe, attempts=attempts, headers=bearer.headers)
        self._bearer = bearer

    async def ask(
        self, server: str, url: str, template: str, *, understood: frozenset[int] = frozenset({200}), **options: Any
    ) -> Answer:
        """As any `WebService`, but a token that is refused is renewed once.

        Raises:
            Unauthenticated: `server` wants a login that the worker does not have; not where 401 is `understood`.
        """
        known = understood | {REFUSED}
        answer = await super().ask(server, url, template, understood=known, **options)
        if answer.status == REFUSED and await self._bearer.renew():
            answer = await super().ask(server, url, template, understood=known, **options)
        if answer.status == REFUSED and REFUSED not in understood:
            raise Unauthenticated(f"{server} does not let the worker in: {LOGIN}", backend=answer.fault)
        return answer
