"""How a connection to the MDB logs in: with a bearer token alone, whichever is the newest when it connects."""

import ssl
from collections.abc import Callable
from typing import Any

from scibus.autobahn.tokens import Token


class BearerLogin:
    """For nats-py, which asks for the token at each connect and reconnect.

    Args:
        url: of the NATS server.
        tls: checks it; no client certificate is shown.
        token: the newest token.
    """

    def __init__(self, url: str, tls: ssl.SSLContext, token: Callable[[], Token]) -> None:
        self._url = url
        self._tls = tls
        self._token = token

    def connection_options(self) -> dict[str, Any]:
        """Options of `nats.connect`."""
        return {
            "servers": [self._url],
            "tls": self._tls,
            "user_jwt_cb": lambda: self._token().text.encode(),
            # A bearer token stands for itself: the server's nonce stays unsigned.
            "signature_cb": lambda _nonce: b"",
        }
