"""One file out of its blob into the object store, unless it is there already."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import obstore
from obstore.store import LocalStore

from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BackendFault, BackendUnavailable, Conflict, NotFound, Problem
from scibus.modos.store_faults import NAME, told_as_problems
from scibus.modos.transfer.listing import StoredFile
from scibus.modos.transfer.parted import PART, PartedUpload
from scibus.modos.transfer.reading import Changed, FileContent

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SHA256 = "sha256"
"""What is kept beside a file, so that nobody needs to read it to know what it holds."""
ASK_SECONDS = 60.0
PUT_SECONDS = 300.0
TRIES = 2
NOT_IMPLEMENTED = 501


class AlreadyThere(Exception):
    """There is a file of that name by now."""


@dataclass(frozen=True)
class Existing:
    """A file that is in the store. `sha256` is what was kept beside it, if anything was."""

    file: StoredFile
    sha256: str | None


class Storing:
    """Puts files into one bucket.

    Args:
        store: the bucket.
        read: gives what a blob holds, and raises BadBackendAnswer in the end if it is damaged.
    """

    def __init__(self, store: "ObjectStore", read: Callable[[BlobRef], AsyncGenerator[bytes, None]]) -> None:
        self._store = store
        self._read = read
        # Files of a folder have nothing beside them.
        self._keeps_attributes = not isinstance(store, LocalStore)
        self._takes_conditions = True

    async def stored(self, key: str, place: str, blob: BlobRef, *, overwrite: bool, known: str | None) -> str | None:
        """See that `key` holds what `blob` does; its entity tag.

        Args:
            key: where it goes.
            place: what that is called in problems.
            blob: what goes there.
            overwrite: whether something else that is there is replaced.
            known: entity tag of what an earlier attempt has stored there.

        Raises:
            Conflict: something else is there.
            NotFound: the blob is gone, or there is no such bucket.
            BadBackendAnswer: the blob is damaged. Nothing of it is in the store.
            BackendUnavailable: the store did not take it (retryable).
            What else `told_as_problems` raises.
        """
        for _ in range(TRIES):
            existing = await self._existing(key, place)
            if existing and await self._is_same(existing, blob, place, known):
                return existing.file.e_tag
            if existing and not overwrite:
                raise Conflict(f"{place} is there already, with another content: set overwrite to replace it")
            try:
                if blob.size <= PART:
                    await self._put(key, place, blob, replace=existing is not None)
                else:
                    await self._put_in_parts(key, place, blob, replace=existing is not None)
            except AlreadyThere:
                continue
            return await self._checked(key, place, blob)
        raise BackendUnavailable(f"somebody else stores {place} at the same time")

    async def _existing(self, key: str, place: str) -> Existing | None:
        try:
            with told_as_problems(place):
                async with asyncio.timeout(ASK_SECONDS):
                    answer = await obstore.get_async(self._store, key, options={"head": True})
        except NotFound:
            return None
        file = StoredFile(key, key, answer.meta["size"], answer.meta["e_tag"])
        return Existing(file, answer.attributes.get(SHA256))

    async def _is_same(self, existing: Existing, blob: BlobRef, place: str, known: str | None) -> bool:
        if existing.file.size != blob.size:
            return False
        if blob.sha256 == existing.sha256 or (known is not None and known == existing.file.e_tag):
            return True
        try:
            return await FileContent(self._store, existing.file, place).sha256() == blob.sha256
        except (Changed, NotFound):
            raise BackendUnavailable(f"somebody else changes {place} at the same time") from None

    async def _put(self, key: str, place: str, blob: BlobRef, *, replace: bool) -> None:
        """Store a small file at one stroke, and only where there is none if it replaces none."""
        content = bytearray()
        async with aclosing(self._read(blob)) as chunks:
            async for chunk in chunks:
                content += chunk
        if self._takes_conditions and not replace:
            try:
                await self._put_once(key, place, content, blob, "create")
            except Conflict:
                raise AlreadyThere from None
            except Problem as problem:
                if not _is_not_implemented(problem):
                    raise
                self._takes_conditions = False
            else:
                return
        await self._put_once(key, place, content, blob, "overwrite")

    async def _put_once(
        self, key: str, place: str, content: bytearray, blob: BlobRef, mode: Literal["create", "overwrite"]
    ) -> None:
        attributes = self._attributes(blob)
        with told_as_problems(place):
            async with asyncio.timeout(PUT_SECONDS):
                await obstore.put_async(
                    self._store, key, content, mode=mode, attributes=attributes or None, use_multipart=False
                )

    async def _put_in_parts(self, key: str, place: str, blob: BlobRef, *, replace: bool) -> None:
        async with (
            PartedUpload(self._store, key, place, blob.size, self._attributes(blob)) as upload,
            aclosing(self._read(blob)) as chunks,
        ):
            async for chunk in chunks:
                await upload.write(chunk)
            # No condition goes with parts: all that can be done is to look once more.
            if not replace and await self._existing(key, place):
                raise AlreadyThere

    async def _checked(self, key: str, place: str, blob: BlobRef) -> str | None:
        existing = await self._existing(key, place)
        if existing is None or existing.file.size != blob.size or existing.sha256 not in (None, blob.sha256):
            fault = BackendFault(name=NAME)
            raise BackendUnavailable(f"{place} is not what was just stored there: somebody else was", backend=fault)
        return existing.file.e_tag

    def _attributes(self, blob: BlobRef) -> dict[str, str]:
        return {SHA256: blob.sha256, "Content-Type": blob.media_type} if self._keeps_attributes else {}


def _is_not_implemented(problem: Problem) -> bool:
    fault = problem.details.backend
    return fault is not None and (fault.status == NOT_IMPLEMENTED or fault.code == "NotImplemented")
