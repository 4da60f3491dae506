"""The key service: a bearer's key for the bucket."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime
from time import time
from typing import Any

from scibus.sandbox.modos.answers import NOT_ALLOWED, NOT_FOUND, json_answer, missing
from scibus.sandbox.modos.objects import Place, S3Place
from scibus.sandbox.modos.settings import ModosSettings
from scibus.sandbox.standin import Request, Response

from .tokens import InvalidToken, Tokens


class KeyService:
    """Gives the place's own key away where there is one, else a made-up one."""

    def __init__(self, tokens: Tokens, place: Place, settings: ModosSettings) -> None:
        self._tokens = tokens
        self._place = place
        self._settings = settings

    async def answer(self, request: Request, path: str) -> Response:
        if path != "/create":
            return NOT_FOUND
        if request.method != "GET":
            return NOT_ALLOWED
        authorization = request.headers.get("authorization")
        if authorization is None:
            return missing("header", "Authorization")
        try:
            # The real one wants no scheme.
            claims = self._tokens.claims(authorization.rpartition(" ")[2])
        except InvalidToken as invalid:
            return json_answer({"detail": str(invalid)}, 401)
        return json_answer(self._key(claims))

    def _key(self, claims: dict[str, Any]) -> dict[str, Any]:
        ends = min(claims["exp"], time() + self._settings.key_seconds)
        groups = claims.get("groups", [])
        access, secret = f"GK{secrets.token_hex(12)}", secrets.token_hex(32)
        region = "us-east-1"
        if isinstance(self._place, S3Place):
            access, secret, region = self._place.access_key, self._place.secret_key, self._place.region
        return {
            "spec": {
                "bucket": self._place.bucket,
                # Of no time zone, as the real one has it.
                "expiration": datetime.fromtimestamp(int(ends), UTC).replace(tzinfo=None).isoformat(),
                "prefixes": [groups] if isinstance(groups, str) else groups,
                "permissions": {"read": True, "write": claims.get("permissions") == "write", "owner": False},
                "name": str(uuid.uuid4()),
                "region": region,
            },
            "access_key_id": access,
            "secret_access_key": secret,
        }
