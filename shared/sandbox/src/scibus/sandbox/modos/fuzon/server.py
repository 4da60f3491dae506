"""The endpoints of fuzon-http."""

from __future__ import annotations

from scibus.sandbox.modos.answers import arguments, json_answer, text_answer
from scibus.sandbox.standin import Request, Response

from .ranking import score
from .terms import COLLECTIONS

PARAMETERS = ("collection", "query", "num")


class Fuzon:
    """Finds the terms that a text is most like."""

    async def answer(self, request: Request, path: str) -> Response | None:
        """None where the real one panics and drops the connection: for a collection it does not know."""
        if request.method == "GET" and path == "/collections":
            return json_answer({"collections": list(COLLECTIONS)})
        if request.method == "GET" and path == "/codes/top":
            return self._top(arguments(request))
        return text_answer("", 404)

    @staticmethod
    def _top(query: dict[str, str]) -> Response | None:
        for name in PARAMETERS:
            if name not in query:
                return text_answer(f"Query deserialize error: missing field `{name}`", 400)
        if not query["num"].isdecimal():
            return text_answer("Query deserialize error: invalid digit found in string", 400)
        terms = COLLECTIONS.get(query["collection"])
        if terms is None:
            return None
        ranked = sorted(terms, key=lambda term: -score(query["query"], term[0]))
        top = ranked[: int(query["num"])]
        return json_answer({"codes": [{"label": label, "uri": uri, "score": None} for label, uri in top]})
