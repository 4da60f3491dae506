"""Where the services of the deployment are."""

import time
from dataclasses import dataclass
from typing import Any

from scibus.contracts.modos import AuthEndpoint, Endpoints
from scibus.contracts.problems import BadBackendAnswer, Unsupported
from scibus.modos.server import ModosServer
from scibus.modos.settings import SERVICES, ModosSettings
from scibus.runtime.http.addresses import same_origin
from scibus.runtime.kept import Kept

PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class KnownEndpoints:
    """What the server said; it counts on while the server cannot be asked again."""

    endpoints: Endpoints
    renew_at: float
    expires_at: float | None = None


class EndpointDirectory:
    """The map of services: the server's, or the one in the settings."""

    def __init__(self, settings: ModosSettings, server: ModosServer | None) -> None:
        self._url = settings.url
        self._server = server
        self._seconds = settings.endpoints_seconds
        self._given = Endpoints.model_validate(settings.services) if server is None else None
        self._kept: Kept[KnownEndpoints] = Kept(self._asked, PAUSE_SECONDS)

    async def all(self, *, refresh: bool = False) -> Endpoints:
        """Every service; null for one that the deployment does not have.

        Raises:
            BackendUnavailable: the server does not answer, and never did (retryable).
            BadBackendAnswer: its answer is no map of services.
        """
        if self._given is not None:
            return self._given
        if refresh and self._kept.current is not None:
            return (await self._kept.newer(self._kept.current)).endpoints
        return (await self._kept.get()).endpoints

    async def url(self, service: str) -> str:
        """Where `service` is, without a slash at the end.

        Raises:
            Unsupported: the deployment has no such service.
        """
        endpoints = await self.all()
        url: str | None = getattr(endpoints, service)
        if url is None:
            have = ", ".join(name for name in sorted(SERVICES) if getattr(endpoints, name))
            raise Unsupported(f"this MODOS deployment has no {service}: it has {have or 'none of the services'}")
        return url

    def is_own(self, url: str) -> bool:
        """Whether `url` leads to a host of the deployment that takes its tokens; the object store does not."""
        known = self._given or (self._kept.current.endpoints if self._kept.current else Endpoints())
        own = [self._url, known.htsget, known.fuzon, known.kms, known.refget]
        return any(same_origin(url, one) for one in own if one)

    async def close(self) -> None:
        """End what is under way."""
        await self._kept.close()

    async def _asked(self) -> KnownEndpoints:
        if self._server is None:
            raise Unsupported("this deployment has no MODOS server to ask")
        return KnownEndpoints(_endpoints(await self._server.root()), time.time() + self._seconds)


def _endpoints(root: dict[str, Any]) -> Endpoints:
    """Both generations say the same, the older one without `auth` and `kms`."""
    found: dict[str, Any] = {}
    for name in SERVICES:
        url = root.get(name)
        if url is not None and not isinstance(url, str):
            raise BadBackendAnswer(f"the MODOS server names as {name} something that is no URL")
        found[name] = url.rstrip("/") if url else None
    auth = root.get("auth")
    if isinstance(auth, dict) and isinstance(auth.get("url"), str) and isinstance(auth.get("client_id"), str):
        found["auth"] = AuthEndpoint(url=auth["url"], client_id=auth["client_id"])
    return Endpoints(**found)
