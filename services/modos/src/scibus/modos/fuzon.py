"""Terms of ontologies by text (fuzon), with what its server leaves out: scores, clean names, answers to all."""

import re
import time
from dataclasses import dataclass
from typing import Any

from scibus.contracts.modos import Code, Codes
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, InvalidRequest, NotFound
from scibus.runtime.http.web_service import Answer, WebService
from scibus.runtime.kept import Kept

FUZON = "fuzon"
KNOWN_SECONDS = 300.0
"""How long it counts which collections there are."""
PAUSE_SECONDS = 5.0
SAID = frozenset({200, 400, 403, 404})
TAIL = re.compile(r"@[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$|\^\^.*$")
"""Language or type of a literal."""


@dataclass(frozen=True)
class KnownCollections:
    """What the server said of its collections; it counts on while the server cannot be asked again."""

    names: list[str]
    renew_at: float
    expires_at: float | None = None


class Fuzon:
    """The fuzon server at `url`, without a slash at the end."""

    def __init__(self, web: WebService, url: str) -> None:
        self.url = url
        self._web = web
        self._known: Kept[KnownCollections] = Kept(self._listed, PAUSE_SECONDS)

    async def close(self) -> None:
        """End what is under way."""
        await self._known.close()

    async def codes(self, collection: str, query: str, top: int) -> Codes:
        """Terms that fit `query`, best first.

        The server always gives as many as were asked for, the ones that do not fit too, and a score of null for all:
        here those that do not fit are left out.

        Raises:
            NotFound: there is no such collection.
            BadBackendAnswer: the answer is none of fuzon.
            BackendUnavailable: the server does not answer (retryable).
        """
        # Asked for a collection that it does not have, the server breaks the connection.
        known = await self._known.get()
        if collection not in known.names:
            known = await self._known.newer(known)
        if collection not in known.names:
            there = ", ".join(known.names) or "none"
            raise NotFound(f"there is no collection {collection[:100]!r} of terms: there is {there}")
        params = {"collection": collection, "query": query, "num": str(top)}
        answer = await self._ask("/codes/top", "fuzon/codes/top", params)
        try:
            codes = [_code(one, query) for one in answer.json()["codes"]]
        except (KeyError, TypeError) as error:
            raise BadBackendAnswer("fuzon names terms in a way that is not known", backend=answer.fault) from error
        fitting = [code for code in codes if code.score > 0]
        return Codes(codes=sorted(fitting, key=lambda code: code.score < 1.0))

    async def collections(self) -> list[str]:
        """Names of all collections, sorted.

        Raises:
            BadBackendAnswer: the answer is none of fuzon.
            BackendUnavailable: the server does not answer (retryable).
        """
        answer = await self._ask("/collections", "fuzon/collections", None)
        try:
            return sorted(map(str, answer.json()["collections"]))
        except (KeyError, TypeError) as error:
            raise BadBackendAnswer("fuzon lists collections in a way not known", backend=answer.fault) from error

    async def _listed(self) -> KnownCollections:
        return KnownCollections(await self.collections(), time.time() + KNOWN_SECONDS)

    async def _ask(self, path: str, template: str, params: dict[str, str] | None) -> Answer:
        answer = await self._web.ask(FUZON, self.url + path, template, params=params, understood=SAID)
        if answer.status == 400:
            raise InvalidRequest("fuzon does not understand the question", backend=answer.fault)
        if answer.status != 200:
            raise BackendUnavailable(f"fuzon answered with HTTP {answer.status}", retryable=False, backend=answer.fault)
        return answer


def _code(one: dict[str, Any], query: str) -> Code:
    """A term without the brackets around its URI, and the language or type after its name."""
    label = TAIL.sub("", str(one["label"])).strip().strip('"')
    uri = str(one["uri"]).strip().removeprefix("<").removesuffix(">")
    return Code(label=label, uri=uri, score=likeness(query, label))


def likeness(query: str, label: str) -> float:
    """How well a term fits: 1 the same text, above 0 all letters of the query in their order, 0 not at all.

    In between, the share of the name that the query covers, in any case: the server's own order (fzy) is kept, and this
    only tells what fits.
    """
    wanted, name = query.casefold().strip(), label.casefold()
    if wanted == name:
        return 1.0
    letters = iter(name)
    if not wanted or not all(letter in letters for letter in wanted):
        return 0.0
    return min(0.99, round(len(wanted) / len(name), 4))
