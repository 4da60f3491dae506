"""The endpoints, as the specification or as refget-cloud has them."""

from __future__ import annotations

from collections.abc import Callable

from scibus.sandbox.modos.objects import REFERENCE_BUCKET, Buckets
from scibus.sandbox.modos.settings import ModosSettings
from scibus.sandbox.standin import Request, Response

from .cloud import Cloud
from .library import Library
from .standard import Standard


class Refget:
    """Reads the bucket of sequences.

    Args:
        store_url: where anybody may read the buckets, without a slash at its end.
    """

    def __init__(self, buckets: Buckets, settings: ModosSettings, store_url: Callable[[], str]) -> None:
        self._settings = settings
        self._standard = Standard(Library(buckets))
        self._cloud = Cloud(buckets, lambda: f"{store_url()}/{REFERENCE_BUCKET}")

    async def answer(self, request: Request, path: str) -> Response:
        server = self._cloud if self._settings.refget == "cloud" else self._standard
        return await server.answer(request, path)
