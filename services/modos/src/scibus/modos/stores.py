"""The object store of the deployment, bucket by bucket."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, S3Store

from scibus.bus.s3 import client_options, retries
from scibus.contracts.problems import NotFound, Unsupported
from scibus.modos.access.s3_keys import S3Keys
from scibus.modos.endpoints import EndpointDirectory
from scibus.modos.settings import ModosSettings

if TYPE_CHECKING:
    from obstore.store import ObjectStore

RETRIES = 3
REGION = "us-east-1"
MOST_OPENED = 32
"""Buckets: anybody may ask for any."""
KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)
"""Without any of them the library would look for a key on Amazon's machines, and wait for these."""


class Stores:
    """Opens buckets, each once. Opening asks nothing and makes nothing."""

    def __init__(self, settings: ModosSettings, endpoints: EndpointDirectory, keys: S3Keys) -> None:
        self._anonymous = settings.is_anonymous
        self._endpoints = endpoints
        self._keys = keys
        self._opened: dict[tuple[str, str, int], ObjectStore] = {}
        """The one that was used last comes last."""

    async def bucket(self, name: str) -> "ObjectStore":
        """The bucket `name`.

        Raises:
            Unsupported: the deployment has no object store, or the worker no key to it.
            Unauthenticated: the key is to come from the key service, and nobody has logged the worker in.
            NotFound: it is a folder, and has none of that name.
        """
        url = await self._endpoints.url("s3")
        if not url.startswith("file:") and await self._keys.are_wanted():
            # Out of the library's own question for a key its reason would not come back.
            await self._keys.credentials()
        # A store keeps the key that it was given first until that ends.
        wanted = (url, name, self._keys.number)
        store = self._opened.pop(wanted, None) or await self._open(url, name)
        self._opened[wanted] = store
        while len(self._opened) > MOST_OPENED:
            del self._opened[next(iter(self._opened))]
        return store

    async def _open(self, url: str, name: str) -> "ObjectStore":
        if url.startswith("file:"):
            folder = Path(unquote(urlsplit(url).path)) / name
            if not folder.is_dir():
                raise NotFound(f"there is no bucket {name!r} in the object store")
            return LocalStore(folder)
        options: dict[str, Any] = {
            "region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or REGION
        }
        if self._anonymous:
            options["skip_signature"] = True
        elif await self._keys.are_wanted():
            options["credential_provider"] = self._keys.credentials
        elif not any(map(os.environ.get, KEYS)):
            raise Unsupported(
                "the worker has no key to the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, log it in "
                "where there is a key service (scibus submit modos login), or set SCIBUS_MODOS_ANONYMOUS=true"
            )
        return S3Store(
            name,
            endpoint=url,
            virtual_hosted_style_request=False,
            client_options=client_options(url),
            retry_config=retries(RETRIES),
            **options,
        )
