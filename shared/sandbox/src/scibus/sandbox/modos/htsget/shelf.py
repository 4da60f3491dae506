"""The genome files beside the objects, by their htsget ids."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scibus.sandbox.modos.objects import Buckets

from .errors import HtsgetError
from .genome_file import BgzfFile, CramFile, GenomeFile

SUFFIXES = {"BAM": ".bam", "CRAM": ".cram", "VCF": ".vcf.gz", "BCF": ".bcf"}
INDEX_SUFFIXES = {"BAM": (".bai", ".csi"), "CRAM": (".crai",), "VCF": (".tbi", ".csi"), "BCF": (".csi",)}
FILES_KEPT = 32


class Shelf:
    """Opens files, and keeps what it has learnt of the latest until they change."""

    def __init__(self, buckets: Buckets, bucket: Callable[[], str]) -> None:
        self._buckets = buckets
        self._bucket = bucket
        self._opened: OrderedDict[Any, GenomeFile] = OrderedDict()

    async def find(self, identifier: str, form: str) -> tuple[str, Path, GenomeFile]:
        """Key in the bucket, local file, and what is in it.

        Raises:
            HtsgetError: there is no such file.
        """
        key = identifier + SUFFIXES[form]
        file = await self._buckets.local(self._bucket(), key)
        if file is None:
            raise HtsgetError("NotFound", f"there is no {form} of {identifier}")
        index = await self._index(key, form)
        version = tuple([(path, path.stat().st_mtime_ns, path.stat().st_size) for path in (file, index) if path])
        if version not in self._opened:
            self._opened[version] = await asyncio.to_thread(_open, file, index, form)
            while len(self._opened) > FILES_KEPT:
                self._opened.popitem(last=False)
        return f"{self._bucket()}/{key}", file, self._opened[version]

    async def _index(self, key: str, form: str) -> Path | None:
        for suffix in INDEX_SUFFIXES[form]:
            index = await self._buckets.local(self._bucket(), key + suffix)
            if index is not None:
                return index
        return None


def _open(file: Path, index: Path | None, form: str) -> GenomeFile:
    return CramFile(file, index) if form == "CRAM" else BgzfFile(file, index, form)
