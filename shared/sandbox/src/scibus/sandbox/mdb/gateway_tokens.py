"""The gateway's tokens: who has shown which certificate."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import secrets
import time
from typing import Any

HEADER = {"typ": "JWT", "alg": "HS256"}


class InvalidToken(Exception):
    """Nobody may act on this token; the message says why."""


class GatewayTokens:
    """Issues tokens and knows its own again."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def issue(self, name: str, seconds: float | None) -> str:
        """A token for whoever is called `name`, good for so many seconds; for ever when None."""
        now = time.time()
        claims: dict[str, Any] = {"CN": name, "iat": int(now)}
        if seconds is not None:
            claims["exp"] = math.ceil(now + seconds)
        body = f"{_encoded(json.dumps(HEADER).encode())}.{_encoded(json.dumps(claims).encode())}"
        return f"{body}.{self._signature(body)}"

    def bearer(self, authorization: str | None) -> str:
        """The name of who sends this header.

        Raises:
            InvalidToken: the header brings no token of ours, or one that has expired.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidToken("no bearer token")
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            raise InvalidToken("not a token of the gateway")
        claims = json.loads(_decoded(body.partition(".")[2]))
        if claims.get("exp", math.inf) <= time.time():
            raise InvalidToken("the token has expired")
        return str(claims["CN"])

    def _signature(self, body: str) -> str:
        return _encoded(hmac.digest(self._secret, body.encode(), hashlib.sha256))


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
