"""The gateway: which service a path belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from scibus.sandbox.standin import Request, Response

from .answers import NOT_FOUND
from .discovery import ModosServer
from .fuzon import Fuzon
from .guard import refusal
from .htsget import BlockStore, Htsget, Shelf
from .login import KeyService, Provider, Tokens
from .login.provider import OPERATIONS
from .login.tokens import CLIENT_ID
from .objects import REFERENCE_BUCKET, RELEASE_BUCKET, Buckets
from .refget import Refget
from .settings import ModosSettings

SERVICES = ("htsget", "fuzon", "kms", "refget", "auth")
GUARDED = ("htsget", "fuzon", "refget")
ONLY_WITH_LOGIN = ("kms", "auth")


class Gateway:
    """Strips the name of a service from a path; what is left is the MODOS server's.

    Args:
        base: URL of the whole, without a slash at its end.
    """

    def __init__(
        self,
        buckets: Buckets,
        blocks: BlockStore,
        settings: ModosSettings,
        tokens: Tokens,
        base: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._base = base
        self._place = buckets.place
        self.provider = Provider(tokens, settings, lambda: f"{base()}/auth")
        self._modos = ModosServer(buckets, settings, self._services)
        self._htsget = Htsget(Shelf(buckets, self._bucket), blocks, settings)
        self._refget = Refget(buckets, settings, blocks.base)
        self._fuzon = Fuzon()
        self._keys = KeyService(tokens, buckets.place, settings)

    def operation(self, path: str) -> str | None:
        """What is asked for, in the service's own word; None where no service is."""
        service, rest = self._split(path)
        match service:
            case "htsget":
                return self._htsget.operation(rest)
            case "auth":
                return OPERATIONS.get(rest)
            case None:
                name = self._modos.operation(rest)
                return None if name == rest else name
            case _:
                return service

    async def answer(self, request: Request, path: str) -> Response | None:
        service, rest = self._split(path)
        if service in ONLY_WITH_LOGIN and not self._settings.login:
            return NOT_FOUND
        if service in GUARDED and self._settings.login:
            refused = refusal(request, service, self._tokens)
            if refused is not None:
                return refused
        match service:
            case "htsget":
                return await self._htsget.answer(request, rest)
            case "refget":
                return await self._refget.answer(request, rest)
            case "fuzon":
                return await self._fuzon.answer(request, rest)
            case "kms":
                return await self._keys.answer(request, rest)
            case "auth":
                return await self.provider.answer(request, rest)
            case _:
                return await self._modos.answer(request, rest, f"{self._base()}/")

    def buckets_with_blocks(self) -> tuple[str, ...]:
        return self._place.bucket, RELEASE_BUCKET, REFERENCE_BUCKET

    def _split(self, path: str) -> tuple[str | None, str]:
        if self._settings.merge_slashes:
            path = re.sub("/+", "/", path)
        first, _, rest = path.removeprefix("/").partition("/")
        return (first, f"/{rest}") if first in SERVICES and path != f"/{first}" else (None, path)

    def _bucket(self) -> str:
        return RELEASE_BUCKET if self._settings.generation == "0.3.5" else self._place.bucket

    def _services(self) -> dict[str, Any]:
        base, login = self._base(), self._settings.login
        return {
            "auth": {"url": self.provider.issuer, "client_id": CLIENT_ID} if login else None,
            "s3": self._place.url,
            "htsget": f"{base}/htsget",
            "fuzon": f"{base}/fuzon",
            "kms": f"{base}/kms" if login else None,
            "refget": f"{base}/refget",
        }
