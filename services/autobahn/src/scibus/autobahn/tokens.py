"""JSON web tokens as Autobahn issues them. Their signatures are for its servers to check."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from scibus.contracts.problems import BadBackendAnswer

LARGEST_SHARE = 1 / 3
"""Of a token's life that may be left when it is renewed."""


@dataclass(frozen=True)
class Token:
    """A token and what it says. Texts of it never show it.

    Attributes:
        text: the token itself.
        claims: what it says.
        expires_at: Unix time of its end; None if it has none.
        renew_at: Unix time from which on it should be renewed; None if never.
    """

    text: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    expires_at: float | None
    renew_at: float | None

    @property
    def cn(self) -> str:
        """The common name of whom it was issued to.

        Raises:
            BadBackendAnswer: it names nobody.
        """
        name = self.claims.get("CN")
        if not isinstance(name, str) or not name:
            raise BadBackendAnswer("the gateway's token does not say whom it was issued to (CN)")
        return name

    def headers(self) -> dict[str, str]:
        """What lets a request in."""
        return {"Authorization": f"Bearer {self.text}"}


def read_token(text: str, issuer: str, margin: float) -> Token:
    """The token in an answer of `issuer`.

    It is to be renewed `margin` seconds before its end, or when a third of its life is left, if that is later.

    Raises:
        BadBackendAnswer: the answer is no token, or one that has expired already.
    """
    try:
        claims = jwt.decode(text, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise BadBackendAnswer(f"{issuer} answers with something that is no token") from None
    now, end = time.time(), claims.get("exp")
    if end is None:
        return Token(text, claims, None, None)
    if isinstance(end, bool) or not isinstance(end, int | float) or not math.isfinite(end):
        raise BadBackendAnswer(f"the token of {issuer} does not say when it ends")
    if end <= now:
        raise BadBackendAnswer(f"the token of {issuer} has expired already: is the clock of this machine right?")
    return Token(text, claims, float(end), end - min(margin, (end - now) * LARGEST_SHARE))
