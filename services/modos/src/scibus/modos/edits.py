"""Changes of objects as jobs make them: one at a time for each object, and once, whatever dies."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from scibus.bus.blobs import Blobs
from scibus.contracts import Contract
from scibus.contracts.modos import (
    AddOrder,
    CreateOrder,
    EditedObject,
    EnrichedObject,
    EnrichOrder,
    PublishedSequence,
    PublishedSequences,
    PublishOrder,
    RemoveOrder,
    UpdateOrder,
)
from scibus.contracts.problems import InvalidRequest, Unsupported
from scibus.modos.deployment import Deployment
from scibus.modos.editing.adding import add
from scibus.modos.editing.creating import create
from scibus.modos.editing.enriching import enrich
from scibus.modos.editing.place import Place
from scibus.modos.editing.refget.publishing import RefgetBucket, publish
from scibus.modos.editing.removing import remove
from scibus.modos.editing.updating import update
from scibus.modos.htsget.addresses import KINDS, format_of
from scibus.runtime import Job

if TYPE_CHECKING:
    from scibus.modos.genomics.headers import HeaderSequence


Edited = TypeVar("Edited", bound=EditedObject)


class Begun(Contract):
    """What an attempt leaves to the next one: that it has begun, and what it was about to change."""

    changes: list[str] | None = None


class JobEdits:
    """One job's change."""

    def __init__(self, deployment: Deployment, job: Job, blobs: Blobs) -> None:
        self._deployment = deployment
        self._job = job
        self._blobs = blobs

    async def create(self, order: CreateOrder) -> EditedObject:
        """A new object. Raises what `creating.create` raises."""
        return await self._change(
            order.path,
            lambda place, repeated: create(place, order, self._blobs.read, repeated=repeated),
            may_be_new=True,
        )

    async def add(self, order: AddOrder) -> EditedObject:
        """New elements. Raises what `adding.add` raises."""
        return await self._change(
            order.modo, lambda place, repeated: add(place, order, self._blobs.read, repeated=repeated)
        )

    async def update(self, order: UpdateOrder) -> EditedObject:
        """Other attributes. Raises what `updating.update` raises."""
        return await self._change(order.modo, lambda place, _: update(place, order))

    async def remove(self, order: RemoveOrder) -> EditedObject:
        """An element less. Raises what `removing.remove` raises."""
        return await self._change(
            order.modo, lambda place, _: remove(place, order, note=self._note, noted=self._noted())
        )

    async def enrich(self, order: EnrichOrder) -> EnrichedObject:
        """Elements for what headers name. Raises what `enriching.enrich` raises."""
        # htslib takes 20 MiB and time: only where somebody wants it, and not on the loop.
        await asyncio.to_thread(import_module, "scibus.modos.genomics.headers")
        from scibus.modos.genomics.headers import header_sequences
        from scibus.modos.genomics.reading import Selection

        async def change(place: Place, _: bool) -> EnrichedObject:
            async def read(file: str, said: str) -> "list[HeaderSequence] | None":
                form = format_of(file) or next((known for known in KINDS if known == said.upper()), None)
                if form is None:
                    return None
                content = self._deployment.objects.content(place.path, file)
                return await header_sequences(content, Selection(form, name=file))

            return await enrich(place, order, read, note=self._note, noted=self._noted())

        return await self._change(order.modo, change)

    async def publish(self, order: PublishOrder) -> PublishedSequences:
        """Sequences for refget. Raises what `publishing.publish` raises, and Unsupported where no bucket is set."""
        bucket = self._deployment.settings.refget_bucket
        if bucket is None:
            raise Unsupported("set SCIBUS_MODOS_REFGET_BUCKET to the bucket of refget: nothing is published without")
        store = await self._deployment.stores.bucket(bucket)
        done = 0

        async def tell(_: PublishedSequence) -> None:
            nonlocal done
            done += 1
            await self._job.progress(done, None, "sequences", "publishing")

        async with self._job.wait_turn(f"refget:{bucket}"), self._fasta(order) as content:
            return await publish(RefgetBucket(store), content, on_sequence=tell)

    async def _note(self, changes: list[str]) -> None:
        await self._job.checkpoint(Begun(changes=changes))

    def _noted(self) -> list[str] | None:
        begun = self._job.restored(Begun)
        return begun.changes if begun else None

    async def _change(
        self, name: str, change: Callable[[Place, bool], Awaitable[Edited]], *, may_be_new: bool = False
    ) -> Edited:
        """What `change` makes of the object; told whether an earlier attempt may have made it already."""
        async with self._deployment.objects.changing(name, self._job, may_be_new=may_be_new) as (store, path):
            begun = self._job.restored(Begun)
            if begun is None:
                await self._job.checkpoint(Begun())
            return await change(Place(store, path.key, str(path)), begun is not None)

    @asynccontextmanager
    async def _fasta(self, order: PublishOrder) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        if order.blob is not None:
            content = self._blobs.read(order.blob)
        elif order.modo is not None and order.file is not None:
            content = self._deployment.objects.content(order.modo, order.file)
        else:
            raise InvalidRequest("name modo and file, or a blob")
        async with aclosing(content):
            yield content
