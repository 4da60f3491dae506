"""The objects of one deployment, as questions mean them: by path, by place, by id."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scibus.contracts.modos import (
    BrokenObject,
    ElementsQuery,
    FoundObject,
    ListQuery,
    Metadata,
    MetadataList,
    MetadataQuery,
    ObjectElement,
    ObjectElements,
    ObjectFile,
    ObjectFiles,
    ObjectList,
    ObjectMetadata,
    ObjectPlace,
    ObjectPlaces,
    S3Path,
    is_s3_path,
)
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, InvalidRequest
from scibus.modos.endpoints import EndpointDirectory
from scibus.modos.objects.catalogue import Catalogue
from scibus.modos.objects.choosing import chosen, only
from scibus.modos.objects.finding import found_alike, found_exactly, name_of
from scibus.modos.stores import Stores
from scibus.modos.transfer.listing import all_files, named_file
from scibus.modos.transfer.reading import Changed, FileContent
from scibus.modos.zarr_metadata import FOLDER, BrokenMetadata, Tree
from scibus.runtime import Job

if TYPE_CHECKING:
    from obstore.store import ObjectStore


class Objects:
    """Answers what is asked of objects.

    Args:
        endpoints: where the object store is.
        stores: its buckets.
        catalogue: what its objects say of themselves.
    """

    def __init__(self, endpoints: EndpointDirectory, stores: Stores, catalogue: Catalogue) -> None:
        self._endpoints = endpoints
        self._stores = stores
        self._catalogue = catalogue

    async def listed(self, query: ListQuery) -> ObjectList:
        """Paths of objects, in the order of their names."""
        paths = [path for path in await self._catalogue.names() if name_of(path).startswith(query.prefix)]
        end = None if query.limit is None else query.offset + query.limit
        return ObjectList(data=paths[query.offset : end], total=len(paths))

    async def metadata(self, query: MetadataQuery) -> MetadataList:
        """What objects say of themselves: all, or one; raises what `object` raises."""
        if query.modo is not None:
            return chosen([await self.object(query.modo)], query)
        return chosen(await self._catalogue.metadata(), query)

    async def find(self, query: str, *, fuzzy: bool) -> list[FoundObject]:
        """Objects of that name, or of names alike, best first."""
        paths = await self._catalogue.names()
        # The likeness of thousands of names takes seconds.
        return await asyncio.to_thread(found_alike, query, paths) if fuzzy else found_exactly(query, paths)

    async def places(self, query: str, *, exact: bool) -> ObjectPlaces:
        """Where objects of a name are."""
        found = await self.find(query, fuzzy=not exact)
        endpoint = (await self._endpoints.all()).s3
        return ObjectPlaces(data=[{one.name: ObjectPlace(s3_endpoint=endpoint, modo_path=one.path)} for one in found])

    async def place(self, name: str) -> S3Path:
        """Where the object is that `name` means: its path, its place in the bucket, or its id.

        Raises:
            NotFound: there is none.
            InvalidRequest: it may be several, which are named; or it is no path.
        """
        if is_s3_path(name):
            return object_path(name)
        wanted = name.strip("/")
        said = await self._catalogue.metadata()
        return object_path(only([one.path for one in said if wanted in (name_of(one.path), _id(one))], name))

    async def object(self, name: str) -> ObjectMetadata:
        """What one object says of itself now.

        Raises:
            NotFound: there is no such object.
            InvalidRequest: `name` may mean several.
            BadBackendAnswer: its metadata cannot be read.
        """
        path = await self.place(name)
        tree = await self._catalogue.one(path.bucket, path.key)
        return ObjectMetadata(path=str(path), meta=_metadata(tree, path))

    async def files(self, name: str) -> ObjectFiles:
        """The files of an object. Raises what `place` raises."""
        path, store = await self._opened(name)
        files = [
            ObjectFile(name=file.name, size=file.size, modified=file.modified, e_tag=file.e_tag)
            for file in await all_files(store, path)
        ]
        return ObjectFiles(path=str(path), files=files)

    async def elements(self, query: ElementsQuery) -> ObjectElements:
        """The elements of an object. Raises what `object` raises."""
        path = await self.place(query.modo)
        tree = await self._catalogue.one(path.bucket, path.key)
        wanted = f"{query.group.strip('/')}/" if query.group else ""
        return ObjectElements(
            path=str(path),
            elements=[
                ObjectElement(
                    element=name,
                    type=_text(node.attributes.get("@type")),
                    name=_text(node.attributes.get("name")),
                    node_type=node.type,
                    data_path=_text(node.attributes.get("data_path")),
                )
                for name, node in tree.nodes.items()
                if "/" in name and name.startswith(wanted)
            ],
        )

    async def content(self, name: str, file: str) -> AsyncGenerator[bytes, None]:
        """The bytes of a file of an object; they are of one version of it, or a problem says that it changed."""
        path, store = await self._opened(name)
        stored = await named_file(store, path, file)
        async with aclosing(FileContent(store, stored, f"{path}/{file}").chunks()) as chunks:
            try:
                async for chunk in chunks:
                    yield chunk
            except Changed:
                raise BackendUnavailable(f"{path}/{file} was replaced while it was read: ask again") from None

    async def fetch(self, name: str, file: str, target: Path) -> None:
        """Write a file of an object to `target`."""
        with await asyncio.to_thread(target.open, "xb") as written:
            async with aclosing(self.content(name, file)) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(written.write, chunk)

    @asynccontextmanager
    async def changing(
        self, name: str, job: Job, *, may_be_new: bool = False
    ) -> "AsyncIterator[tuple[ObjectStore, S3Path]]":
        """The bucket and the place of an object that `job` changes: no other job of any worker does so meanwhile.

        Raises:
            InvalidRequest: an object that `may_be_new` would lie inside of another one.
        """
        path, store = await self._opened(name)
        try:
            async with job.wait_turn(f"object:{path}"):
                if may_be_new:
                    await self._check_is_outside(path)
                yield store, path
        finally:
            self._catalogue.forget()

    async def _check_is_outside(self, path: S3Path) -> None:
        folder = path.key.rpartition("/")[0]
        while folder:
            if await self._catalogue.has(path.bucket, folder):
                raise InvalidRequest(f"{path} is inside of the object s3://{path.bucket}/{folder}: choose another path")
            folder = folder.rpartition("/")[0]

    async def _opened(self, name: str) -> "tuple[S3Path, ObjectStore]":
        path = await self.place(name)
        return path, await self._stores.bucket(path.bucket)


def object_path(text: str) -> S3Path:
    """The place of an object.

    Raises:
        InvalidRequest: it is none, or that of a bucket, or inside of an object.
    """
    try:
        path = S3Path.parse(text)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    if not path.key:
        raise InvalidRequest("name the object too, as s3://bucket/name")
    if FOLDER in path.key.split("/"):
        raise InvalidRequest(f"no object is inside of another: name a path without {FOLDER}")
    return path


def _metadata(tree: Tree, path: S3Path) -> Metadata:
    try:
        return tree.metadata
    except BrokenMetadata as error:
        raise BadBackendAnswer(f"the metadata of {path} cannot be read: {error}") from error


def _id(one: ObjectMetadata | BrokenObject) -> str | None:
    """The id that an object says, which is the first of its names."""
    return next(iter(one.meta), None) if isinstance(one, ObjectMetadata) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
