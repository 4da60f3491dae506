"""The gateway: who shows a certificate gets a token."""

from __future__ import annotations

from scibus.sandbox.standin import Request, Response

from .gateway_tokens import GatewayTokens
from .settings import MdbSettings

GATEWAY_PATH = "/getjwt"


class Gateway:
    """Behind TLS that lets nobody in without a certificate."""

    def __init__(self, tokens: GatewayTokens, settings: MdbSettings) -> None:
        self._tokens = tokens
        self._settings = settings

    async def answer(self, request: Request) -> Response:
        if (request.method, request.path) != ("GET", GATEWAY_PATH) or request.client is None:
            return Response(b'{"message": "ask for a token"}', 404)
        token = self._tokens.issue(request.client, self._settings.gateway_token_seconds)
        return Response(f"{token}\n".encode(), content_type="text/plain")
