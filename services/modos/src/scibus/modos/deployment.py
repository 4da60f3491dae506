"""One MODOS deployment: its server, its services, its object store, and who the worker is there."""

from types import TracebackType
from typing import Any, Literal, Self

import httpx

from scibus.contracts.problems import Unsupported
from scibus.modos.access.authorized import AuthorizedWeb
from scibus.modos.access.bearer import Bearer
from scibus.modos.access.provider import TokenProvider
from scibus.modos.access.s3_keys import S3Keys
from scibus.modos.endpoints import EndpointDirectory
from scibus.modos.fuzon import Fuzon
from scibus.modos.htsget.blocks import block_client
from scibus.modos.htsget.server import HtsgetServer
from scibus.modos.htsget.slicing import Slices
from scibus.modos.objects.catalogue import Catalogue
from scibus.modos.objects.objects import Objects
from scibus.modos.refget import Refget
from scibus.modos.server import ModosServer
from scibus.modos.settings import ModosSettings
from scibus.modos.stores import Stores
from scibus.runtime.http import Observe
from scibus.runtime.http.web_service import WebService

AGENT = {"User-Agent": "scibus-modos"}


class Deployment:
    """Everything of one deployment, with connections of its own inside `async with`.

    Attributes:
        settings: what it was told.
        endpoints: where its services are.
        bearer: the worker's access token.
        keys: the worker's key to the object store.
        stores: its buckets.
        catalogue: what its objects say of themselves.
        objects: its objects.
        web: carries the token to the deployment's own hosts.
    """

    def __init__(self, settings: ModosSettings, observe: Observe) -> None:
        self.settings = settings
        self._observe = observe
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
            limits=httpx.Limits(max_connections=settings.max_connections),
            headers=AGENT,
            follow_redirects=True,
        )
        # Blocks of slices come from anywhere: connections, cookies and logins of the deployment are not theirs.
        self._blocks = block_client(read_timeout=settings.read_timeout, connect_timeout=settings.connect_timeout)
        self._open_web = WebService(self._http, observe, attempts=settings.attempts)
        self.bearer = Bearer(settings.token_file, self.provider, lambda url: self.endpoints.is_own(url))
        self.web = AuthorizedWeb(self._http, observe, attempts=settings.attempts, bearer=self.bearer)
        first_web = WebService(self._http, observe, attempts=settings.attempts, headers=self.bearer.headers_as_they_are)
        self.endpoints = EndpointDirectory(settings, ModosServer(first_web, settings.url) if settings.url else None)
        self.keys = S3Keys(settings, self.web, self.endpoints, self.bearer)
        self.stores = Stores(settings, self.endpoints, self.keys)
        server = ModosServer(self.web, settings.url) if settings.url else None
        self.catalogue = Catalogue(settings, server, self.endpoints, self.stores)
        self.objects = Objects(self.endpoints, self.stores, self.catalogue)
        self._fuzon: Fuzon | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in (self.catalogue, self.keys, self._fuzon, self.endpoints):
            if part is not None:
                await part.close()
        await self._http.aclose()
        await self._blocks.aclose()

    async def provider(self) -> TokenProvider:
        """The issuer of tokens.

        Raises:
            Unsupported: the deployment has no logins.
        """
        issuer, client = self.settings.auth_url, self.settings.client_id
        if (issuer is None or client is None) and (auth := (await self.endpoints.all()).auth):
            issuer, client = issuer or auth.url, client or auth.client_id
        if issuer is None or client is None:
            raise Unsupported(
                "this deployment names no issuer of tokens, so it needs no login; if it does, set "
                "SCIBUS_MODOS_AUTH_URL and SCIBUS_MODOS_CLIENT_ID"
            )
        return TokenProvider(self._open_web, issuer, client)

    async def refget(self) -> Refget:
        """Its refget. Raises Unsupported where there is none."""
        return Refget(self.web, await self.endpoints.url("refget"))

    async def fuzon(self) -> Fuzon:
        """Its fuzon. Raises Unsupported where there is none."""
        url = await self.endpoints.url("fuzon")
        if self._fuzon is None or self._fuzon.url != url:
            self._fuzon = Fuzon(self.web, url)
        return self._fuzon

    async def htsget(self) -> HtsgetServer:
        """Its htsget server. Raises Unsupported where there is none."""
        return HtsgetServer(self.web, await self.endpoints.url("htsget"))

    async def slices(self) -> Slices:
        """What slices its files. Raises Unsupported where there is no htsget."""
        return Slices(await self.htsget(), self._blocks, self._observe, width=self.settings.blocks_at_once)

    async def service_info(self, service: Literal["reads", "variants", "refget"]) -> dict[str, Any]:
        """What a GA4GH service says of itself. Raises Unsupported where there is none."""
        if service == "refget":
            return await (await self.refget()).service_info()
        return await (await self.htsget()).service_info(service)
