"""What all objects say of themselves: read once, and again where they changed."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import obstore

from scibus.contracts.modos import BrokenObject, ObjectMetadata
from scibus.contracts.problems import BadBackendAnswer, Forbidden, NotFound, Problem, Unauthenticated, Unsupported
from scibus.modos.endpoints import EndpointDirectory
from scibus.modos.objects.listing import ROOTS, ListedObject, listed
from scibus.modos.server import ModosServer
from scibus.modos.settings import ModosSettings
from scibus.modos.store_faults import told_as_problems
from scibus.modos.stores import Stores
from scibus.modos.zarr_metadata import BrokenMetadata, Tree, tree_of
from scibus.runtime.kept import Kept

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PAUSE_SECONDS = 1.0
LARGEST_METADATA = 64 * 1024 * 1024
"""Bytes of one object's metadata."""
MUCH = 256 * 1024
"""Bytes of metadata that take a while to parse."""
MOST_KEPT = 100_000
"""Objects whose metadata are kept."""


@dataclass(frozen=True)
class Listing:
    """All objects, as they were a moment ago.

    Attributes:
        bucket: where they are; None where only the server can read them.
        objects: in the order of their names; empty where only the server can read them.
    """

    bucket: str | None
    objects: list[ListedObject]
    renew_at: float

    @property
    def expires_at(self) -> float:
        return self.renew_at


class Catalogue:
    """The objects of one deployment.

    They are read from the object store, a file each and only those that changed; where the worker cannot read it, from
    the server, which reads all of them each time.
    """

    def __init__(
        self, settings: ModosSettings, server: ModosServer | None, endpoints: EndpointDirectory, stores: Stores
    ) -> None:
        self._bucket = settings.bucket
        self._server = server
        self._endpoints = endpoints
        self._stores = stores
        self._seconds = settings.listing_seconds
        self._reads_at_once = settings.reads_at_once
        self._reading = asyncio.Lock()
        self._listing: Kept[Listing] = Kept(self._listed, PAUSE_SECONDS)
        self._known: dict[str, tuple[str, ObjectMetadata | BrokenObject]] = {}

    async def names(self) -> list[str]:
        """Paths of all objects, in the order of their names.

        Raises:
            Problem: neither the store nor the server tells them.
        """
        listing = await self._listing.get()
        if listing.bucket is None:
            return await self._asked_server().names()
        return [f"s3://{listing.bucket}/{one.name}" for one in listing.objects]

    async def metadata(self) -> list[ObjectMetadata | BrokenObject]:
        """What all objects say of themselves, in the order of their names, with those that cannot be read.

        Raises:
            Problem: neither the store nor the server tells.
        """
        listing = await self._listing.get()
        if listing.bucket is None:
            return list(await self._asked_server().meta())
        bucket = listing.bucket
        # Whoever comes while others read finds it read.
        async with self._reading:
            if changed := [one for one in listing.objects if self._known.get(one.name, ("",))[0] != one.version]:
                await self._read_all(bucket, changed)
                self._forget_others(listing.objects)
        return [self._known[one.name][1] for one in listing.objects if one.name in self._known]

    async def one(self, bucket: str, name: str) -> Tree:
        """What the object has and says of itself now, whatever is kept; reading makes nothing.

        Raises:
            NotFound: there is no such object.
            BadBackendAnswer: its metadata cannot be read.
            Problem: the store cannot be read.
        """
        store = await self._stores.bucket(bucket)
        path = f"s3://{bucket}/{name}"
        for root in ROOTS:
            try:
                content = await _content(store, f"{name}/{root}", path)
            except NotFound:
                continue
            try:
                return await _parsed(content)
            except BrokenMetadata as error:
                raise _broken(path, error) from error
        raise NotFound(f"there is no object at {path}: `list` tells which there are")

    async def has(self, bucket: str, name: str) -> bool:
        """Whether there is an object of that name now.

        Raises:
            Problem: the store cannot be read.
        """
        store = await self._stores.bucket(bucket)
        for root in ROOTS:
            with suppress(NotFound), told_as_problems(f"s3://{bucket}/{name}"):
                await obstore.head_async(store, f"{name}/{root}")
                return True
        return False

    def forget(self) -> None:
        """What was listed does not count any more: something was changed."""
        self._listing.forget()

    async def close(self) -> None:
        """End what is under way."""
        await self._listing.close()

    async def _listed(self) -> Listing:
        bucket = await self._bucket_name()
        if bucket is not None:
            try:
                store = await self._stores.bucket(bucket)
                return Listing(bucket, await listed(store, bucket), time.time() + self._seconds)
            except (Forbidden, Unauthenticated, Unsupported):
                if self._server is None:
                    raise
        return Listing(None, [], time.time() + self._seconds)

    async def _bucket_name(self) -> str | None:
        """The bucket of the objects; None where there is no object store, or nothing in it."""
        if self._bucket is None:
            if (await self._endpoints.all()).s3 is None:
                return None
            if self._server is None:
                raise Unsupported("set SCIBUS_MODOS_BUCKET: without a MODOS server nobody says where the objects are")
            # A server knows one bucket, and names it where there is an object in it.
            paths = await self._server.names()
            if not paths:
                return None
            self._bucket = paths[0].removeprefix("s3://").partition("/")[0]
        return self._bucket

    def _asked_server(self) -> ModosServer:
        if self._server is None:
            raise Unsupported("this MODOS deployment has neither an object store nor a server")
        return self._server

    async def _read_all(self, bucket: str, objects: list[ListedObject]) -> None:
        store = await self._stores.bucket(bucket)
        # As many tasks as may read at once, not as there are objects.
        rest = iter(objects)

        async def read_one_after_the_other() -> None:
            for one in rest:
                said = await _said(store, bucket, one)
                if said is not None:
                    self._known[one.name] = (one.version, said)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(len(objects), self._reads_at_once)):
                    group.create_task(read_one_after_the_other())
        except BaseExceptionGroup as raised:
            raise raised.exceptions[0] from None

    def _forget_others(self, objects: list[ListedObject]) -> None:
        if len(self._known) > len(objects):
            names = {one.name for one in objects}
            self._known = {name: known for name, known in self._known.items() if name in names}
        while len(self._known) > max(MOST_KEPT, len(objects)):
            del self._known[next(iter(self._known))]


async def _said(store: "ObjectStore", bucket: str, one: ListedObject) -> ObjectMetadata | BrokenObject | None:
    """What one object says; None where it was removed meanwhile."""
    path = f"s3://{bucket}/{one.name}"
    try:
        return ObjectMetadata(path=path, meta=(await _parsed(await _content(store, one.root, path))).metadata)
    except BrokenMetadata as error:
        return BrokenObject(path=path, reason=str(error))
    except NotFound:
        return None
    except Problem as problem:
        if problem.details.retryable or isinstance(problem, Forbidden):
            raise
        return BrokenObject(path=path, reason=str(problem))


async def _parsed(content: bytes) -> Tree:
    """Large metadata are parsed off the loop. Raises what `tree_of` raises."""
    return tree_of(content) if len(content) < MUCH else await asyncio.to_thread(tree_of, content)


async def _content(store: "ObjectStore", key: str, path: str) -> bytes:
    with told_as_problems(path):
        answer = await obstore.get_async(store, key)
        if answer.meta["size"] > LARGEST_METADATA:
            raise _broken(path, f"they are larger than {LARGEST_METADATA >> 20} MiB")
        return bytes(await answer.bytes_async())


def _broken(path: str, reason: object) -> BadBackendAnswer:
    return BadBackendAnswer(f"the metadata of {path} cannot be read: {reason}")
