"""Slices of the files of objects, as jobs get them: into blobs, whole or not at all."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from scibus.bus.blobs import Blobs
from scibus.contracts.blobs import BlobRef
from scibus.contracts.modos import (
    Format,
    Metadata,
    Records,
    RecordsOrder,
    Slice,
    SliceOrder,
    StreamOrder,
)
from scibus.contracts.problems import InvalidRequest
from scibus.contracts.tables import ARROW_STREAM
from scibus.modos.deployment import Deployment
from scibus.modos.htsget.addresses import HtsgetFile, htsget_file
from scibus.modos.htsget.slicing import SliceOf, SliceStream, slice_with_records
from scibus.runtime import Job

MEDIA_TYPES: dict[Format, str] = {
    "BAM": "application/vnd.ga4gh.bam",
    "CRAM": "application/vnd.ga4gh.cram",
    "VCF": "application/vnd.ga4gh.vcf",
    "BCF": "application/vnd.ga4gh.bcf",
}
SUFFIXES: dict[Format, str] = {"BAM": ".bam", "CRAM": ".cram", "VCF": ".vcf.gz", "BCF": ".bcf"}
TOLD_EVERY = 1024 * 1024
"""Bytes between two words about how far a slice is."""


class JobSlices:
    """What one job slices, and where it puts that."""

    def __init__(self, deployment: Deployment, job: Job, blobs: Blobs) -> None:
        self._deployment = deployment
        self._job = job
        self._blobs = blobs

    async def stream(self, order: StreamOrder) -> Slice:
        """The slice as htsget gives it, checked, as a blob. Raises what `Slices.fetch` raises."""
        wanted = SliceOf(await self._file(order), order.spans, order.header_only)

        async def store(stream: SliceStream, content: AsyncIterator[bytes]) -> Slice:
            blob = await self._put(order, stream.format, self._told(content))
            return Slice(format=stream.format, file=order.file, regions=order.spans, blocks=stream.blocks, blob=blob)

        return await (await self._deployment.slices()).fetch(wanted, store)

    async def records(self, order: RecordsOrder) -> Records:
        """The records that overlap the regions, and no others. Raises what `RecordStream.content` raises too."""
        # Arrow and htslib take 60 MiB and a second: only where somebody wants records, and not on the loop.
        await asyncio.to_thread(import_module, "scibus.modos.genomics.records")
        from scibus.modos.genomics.reading import Selection
        from scibus.modos.genomics.records import RecordStream

        wanted = slice_with_records(await self._file(order), order.spans)
        async with self._reference(order, wanted.file.format) as reference:

            async def store(stream: SliceStream, content: AsyncIterator[bytes]) -> Records:
                selection = Selection(stream.format, order.spans, reference, order.file)
                records = RecordStream(self._told(content), selection, "arrow" if order.table else "file")
                async with aclosing(records.content()) as pieces:
                    if order.table:
                        blob = await self._blobs.put(
                            self._job.blob_name("records.arrows"),
                            pieces,
                            media_type=ARROW_STREAM,
                            filename=f"{_stem(order.file)}.arrows",
                        )
                    else:
                        blob = await self._put(order, stream.format, pieces)
                return Records(
                    format=stream.format, file=order.file, regions=order.spans, count=records.count, blob=blob
                )

            return await (await self._deployment.slices()).fetch(wanted, store)

    async def _file(self, order: SliceOrder) -> HtsgetFile:
        place = await self._deployment.objects.place(order.modo)
        return htsget_file(place.key, order.file, order.format)

    async def _put(self, order: SliceOrder, form: Format, content: AsyncIterator[bytes]) -> BlobRef:
        filename = _stem(order.file) + SUFFIXES[form]
        return await self._blobs.put(
            self._job.blob_name(filename), content, media_type=MEDIA_TYPES[form], filename=filename
        )

    async def _told(self, content: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        done = told = 0
        async for piece in content:
            yield piece
            done += len(piece)
            if done - told >= TOLD_EVERY:
                told = done
                await self._job.progress(done, None, "bytes", "fetching")

    @asynccontextmanager
    async def _reference(self, order: RecordsOrder, form: Format) -> AsyncIterator[Path | None]:
        """The FASTA file that a CRAM file refers to, in a folder of its own for as long as the block runs."""
        if form != "CRAM":
            yield None
            return
        thing = await self._deployment.objects.object(order.modo)
        name = order.reference or reference_of(thing.meta, order.file)
        async with AsyncExitStack() as stack:
            if name is None:
                # htslib can do without for what is stored in full, and says so where it cannot.
                yield None
                return
            folder = Path(tempfile.mkdtemp(prefix="scibus-modos-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            path = folder / PurePosixPath(name).name
            await self._deployment.objects.fetch(thing.path, name, path)
            yield path


def reference_of(meta: Metadata, file: str) -> str | None:
    """The FASTA file of the object that `file` refers to, as its element says; None where nothing is said.

    Raises:
        InvalidRequest: it refers to several.
    """
    element = next((one for one in meta.values() if one.get("data_path") == file), {})
    named = [path for link in _links(element.get("has_reference")) if (path := _path_of(meta, link))]
    if len(named) > 1:
        raise InvalidRequest(f"{file!r} refers to {', '.join(named)}: name the one to use as `reference`")
    return named[0] if named else None


def _links(value: Any) -> list[str]:
    """Links as they are stored: one, or a list of them."""
    return [value] if isinstance(value, str) else [link for link in value or () if isinstance(link, str)]


def _path_of(meta: Metadata, link: str) -> str | None:
    """Older objects link by a bare id."""
    path = meta.get(link, meta.get(f"reference/{link}", {})).get("data_path")
    return path if isinstance(path, str) and path else None


def _stem(file: str) -> str:
    name = PurePosixPath(file).name
    suffix = max((known for known in (".vcf.gz", ".vcf.bgz") if name.lower().endswith(known)), key=len, default="")
    return name.removesuffix(name[len(name) - len(suffix) :]) if suffix else PurePosixPath(name).stem
