"""Tokens of the OIDC provider."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

import jwt

CLIENT_ID = "modos-client-id"
USER = "alice"
ALGORITHM = "HS256"


class InvalidToken(Exception):
    """Nobody is let in with this; the message says why."""


class Tokens:
    """Issues tokens in the name of `issuer` and knows its own again."""

    def __init__(self, issuer: Callable[[], str]) -> None:
        self._issuer = issuer
        self._secret = secrets.token_hex(32)
        self._refreshing: dict[str, float] = {}

    def access(self, seconds: float, groups: Sequence[str] | str = (), permissions: str | None = None) -> str:
        """A token that is good for so many seconds; one that has expired when they are negative."""
        now = time.time()
        claims: dict[str, Any] = {"iss": self._issuer(), "sub": USER, "aud": CLIENT_ID, "iat": int(now)}
        claims |= {
            "exp": now + seconds,
            "jti": secrets.token_hex(8),
            "groups": groups if isinstance(groups, str) else list(groups),
        }
        if permissions is not None:
            claims["permissions"] = permissions
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def claims(self, token: str) -> dict[str, Any]:
        """What a token of ours says.

        Raises:
            InvalidToken: it is none of ours, or has expired.
        """
        # The library rounds times down to seconds.
        options: Any = {"verify_iat": False, "verify_exp": False}
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._secret, algorithms=[ALGORITHM], audience=CLIENT_ID, options=options
            )
        except jwt.InvalidTokenError as error:
            raise InvalidToken("Invalid token") from error
        if claims["exp"] <= time.time():
            raise InvalidToken("Token has expired")
        return claims

    def bearer(self, authorization: str | None) -> dict[str, Any]:
        """What the token in this header says.

        Raises:
            InvalidToken: the header brings no good token.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidToken("a bearer token is needed")
        return self.claims(token)

    def refreshing(self, seconds: float) -> str:
        """A refresh token."""
        token = secrets.token_urlsafe(24)
        self._refreshing[token] = time.time() + seconds
        return token

    def use(self, token: str) -> bool:
        """Use up a refresh token; whether it was good."""
        return self._refreshing.pop(token, 0.0) > time.time()

    def revoke(self) -> None:
        """Let no token issued so far be good any more."""
        self._secret = secrets.token_hex(32)
        self._refreshing.clear()

    def revoke_refreshing(self) -> None:
        """Let no refresh token issued so far be good any more."""
        self._refreshing.clear()
