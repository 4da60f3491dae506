"""The stand-in for a MODOS deployment: a gateway with all services, and the address of the blocks."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from scibus.sandbox.standin import Action, Operation, Request, Response, StandIn
from scibus.sandbox.standin.server import HttpServer

from .actions import actions
from .answers import arguments
from .collection import Collection
from .gateway import Gateway
from .htsget import BlockStore
from .login import Tokens
from .objects import REFERENCE_BUCKET, Buckets, FolderPlace, Place, S3Place
from .settings import Generation, ModosSettings


class ModosStandIn(StandIn):
    """Discovery server, htsget, refget, fuzon, key service and login on one port, blocks on another.

    Args:
        port: of the gateway.
        folder: where the buckets are made and kept; by default a temporary one that is removed.
        s3: server whose buckets are filled instead.
        generation: of the MODOS server.
        login: whether one has to log in.
        prefix: below which path everything is, "/modos" for example.
        host: address to listen on.
        reached_as: name at which clients reach it; `host` when None.
        block_port: of the blocks.

    Attributes:
        settings: how it behaves.
        buckets: what the objects are made of; there are some while it listens.
        collection: the objects in them.
        gateway: the services.
        blocks: what tickets point at.
        tokens: of those who have logged in.
    """

    name: ClassVar[str] = "modos"
    buckets: Buckets
    collection: Collection
    gateway: Gateway
    blocks: BlockStore

    def __init__(
        self,
        port: int = 0,
        *,
        folder: Path | None = None,
        s3: S3Place | None = None,
        generation: Generation = "head",
        login: bool = False,
        prefix: str = "",
        host: str = "127.0.0.1",
        reached_as: str | None = None,
        block_port: int = 0,
    ) -> None:
        super().__init__(port, host)
        self.settings = ModosSettings(generation=generation, login=login)
        self.tokens = Tokens(lambda: self.gateway.provider.issuer)
        self._folder = folder
        self._s3 = s3
        self._prefix = f"/{prefix.strip('/')}" if prefix.strip("/") else ""
        self._reached_as = reached_as or host
        self._block_port = block_port
        self._block_server = HttpServer(partial(self._attend, answer=self._block))
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            temporary = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="scibus-modos-"))
            stack.push_async_callback(asyncio.to_thread, shutil.rmtree, temporary, ignore_errors=True)
            place: Place = self._s3 or FolderPlace((self._folder or temporary / "buckets").resolve())
            self.buckets = Buckets(place, temporary / "copies")
            self.blocks = BlockStore(self.buckets, self.settings, lambda: self.block_url.rstrip("/"))
            self.gateway = Gateway(self.buckets, self.blocks, self.settings, self.tokens, lambda: self.url.rstrip("/"))
            self.collection = Collection(self.buckets)
            await self.collection.fill()
            self._block_port = await self._block_server.start(self._host, self._block_port)
            stack.push_async_callback(self._block_server.stop)
            await super().__aenter__()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__()
        await self._stack.aclose()

    @property
    def url(self) -> str:
        return f"http://{self._reached_as}:{self._port}{self._prefix}/"

    @property
    def control_url(self) -> str:
        return f"http://{self._reached_as}:{self._port}/"

    @property
    def block_url(self) -> str:
        """Where the blocks of tickets are."""
        return f"http://{self._reached_as}:{self._block_port}/"

    def addresses(self) -> dict[str, Any]:
        """What a worker and a remote control must be told."""
        settings = {
            "SCIBUS_MODOS_URL": self.url,
            "SCIBUS_MODOS_REFGET_BUCKET": REFERENCE_BUCKET,
            **self.buckets.place.environment(),
        }
        return {**super().addresses(), "control": self.control_url, "blocks": self.block_url, "settings": settings}

    def configure(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change the fields of ModosSettings."""
        self.settings.change(dict(settings))
        return asdict(self.settings)

    def actions(self) -> Mapping[str, Action]:
        return actions(self)

    def operation(self, request: Request) -> Operation:
        """By the service's own word: "list", "ticket", "block", "refget", "token" and so on."""
        inside = self._inside(request.path)
        if inside is not None and (name := self.gateway.operation(inside)) is not None:
            return Operation(name, arguments(request))
        buckets = tuple(f"/{bucket}/" for bucket in self.gateway.buckets_with_blocks())
        name = self.blocks.operation(request.path) if request.path.startswith(buckets) else request.path
        return Operation(name, arguments(request))

    async def answer(self, request: Request) -> Response | None:
        inside = self._inside(request.path)
        return Response(b"", 404) if inside is None else await self.gateway.answer(request, inside)

    async def _block(self, request: Request) -> Response:
        return await self.blocks.answer(request)

    def _inside(self, path: str) -> str | None:
        """The path below the prefix; None when it is not below."""
        if path == self._prefix:
            return "/"
        return path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else None
