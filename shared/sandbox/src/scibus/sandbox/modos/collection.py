"""The objects of the deployment, and what is done to them from outside."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from .objects import REFERENCE_BUCKET, RELEASE_BUCKET, Buckets
from .refget import published
from .samples.genome import contigs
from .samples.large import write_large
from .samples.layout import RELEASE_METADATA
from .samples.modos import Modo, generated, sample_modos


class Collection:
    """Objects by their paths, in the layouts of both generations: each has a bucket of its own."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._modos: dict[str, Modo] = {}
        self._generated = 0

    async def fill(self) -> None:
        """Make the buckets, and put the samples and their reference's sequences there."""
        modos = await asyncio.to_thread(sample_modos)
        await self._buckets.make(self._bucket, RELEASE_BUCKET, REFERENCE_BUCKET)
        for modo in modos:
            await self._write(modo)
        for contig in contigs():
            await self._buckets.write(REFERENCE_BUCKET, published(contig.sequence.encode()))

    async def add_object(self, count: int = 1, folder: str = "generated") -> list[str]:
        """So many objects without files below `folder`; their paths."""
        numbers = range(self._generated + 1, self._generated + count + 1)
        self._generated += count
        modos = [generated(number, folder) for number in numbers]
        async with asyncio.TaskGroup() as group:
            for modo in modos:
                group.create_task(self._write(modo))
        return [modo.path for modo in modos]

    async def break_object(self, path: str) -> None:
        """Let the metadata of the object not be consolidated."""
        modo = self._known(path)
        await self._buckets.write(self._bucket, replace(modo, files={}).contents(consolidated=False))
        if "/" not in path:
            await self._buckets.delete(RELEASE_BUCKET, f"{path}/{RELEASE_METADATA}")

    async def mend_object(self, path: str) -> None:
        """Write the metadata of the object anew."""
        await self._write(self._known(path), with_files=False)

    async def remove_object(self, path: str) -> None:
        """Take the object away with all its files."""
        self._known(path)
        for bucket in (self._bucket, RELEASE_BUCKET):
            for key in await self._buckets.keys(bucket, f"{path}/"):
                await self._buckets.delete(bucket, key)
        del self._modos[path]

    async def grow_bam(self, megabytes: float, path: str = "ex", name: str = "large") -> int:
        """Give the object a BAM of about this size; how many reads it has."""
        modo = self._known(path)
        element = {"@type": "DataEntity", "data_format": "BAM", "data_path": f"{name}.bam", "name": name}
        with tempfile.TemporaryDirectory(prefix="scibus-modos-") as folder:
            bam = Path(folder) / f"{name}.bam"
            count = await asyncio.to_thread(write_large, bam, megabytes)
            for file in (bam, bam.with_name(f"{bam.name}.bai")):
                await self._buckets.upload(self._bucket, f"{path}/{file.name}", file)
        await self._write(replace(modo, elements={**modo.elements, f"data/{name}": element}), with_files=False)
        return count

    @property
    def _bucket(self) -> str:
        return self._buckets.place.bucket

    async def _write(self, modo: Modo, *, with_files: bool = True) -> None:
        self._modos[modo.path] = modo
        written = modo if with_files else replace(modo, files={})
        await self._buckets.write(self._bucket, written.contents())
        if "/" not in modo.path:
            # The release cannot read what lies deeper: it would answer 500 for all.
            await self._buckets.write(RELEASE_BUCKET, written.contents(release=True))

    def _known(self, path: str) -> Modo:
        if path not in self._modos:
            raise ValueError(f"there is no object {path}: there is {', '.join(self._modos) or 'none'}")
        return self._modos[path]
