"""What the tests of edits use: blobs in memory, orders that are whole, and a store that fails at a write."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

from scibus.contracts.blobs import BlobRef
from scibus.contracts.modos import CreateOrder, NewElement
from scibus.modos.editing.place import Place
from scibus.modos.zarr_metadata import tree_of

DAY = date(2026, 11, 30)
READS = b"CRAM" + bytes(range(256)) * 40
INDEX = b"an index"
GENOME = b">chr1\nACGT\n"


def blob(content: bytes, filename: str | None = None) -> BlobRef:
    """The reference to a blob that `read` gives."""
    sha256 = hashlib.sha256(content).hexdigest()
    _CONTENTS[sha256] = content
    return BlobRef(
        bucket="b", name=f"x/{sha256}", size=len(content), sha256=sha256, media_type="a/b", filename=filename
    )


async def read(ref: BlobRef) -> AsyncIterator[bytes]:
    content = _CONTENTS[ref.sha256]
    for start in range(0, len(content), 4096):
        yield content[start : start + 4096]


_CONTENTS: dict[str, bytes] = {}


def example() -> CreateOrder:
    """An object with one element of each group; links are written in several ways."""
    return CreateOrder(
        path="s3://bucket/proj/ex",
        attributes={"description": "an example", "creation_date": "2024-01-17T00:00:00"},
        elements=[
            element("assay1", "Assay", name="Assay 1", omics_type="GENOMICS"),
            element(
                "demo1",
                "DataEntity",
                data_format="CRAM",
                has_sample="sample1",
                has_reference=["reference/reference1"],
                source=blob(READS, "demo1.cram"),
                index=blob(INDEX, "demo1.cram.crai"),
                part_of="assay1",
            ),
            element("reference1", "ReferenceGenome", data_path="reference.fa", source=blob(GENOME)),
            element("sample1", "Sample", sex="Male", collector="Foo university"),
            element("chr1_f1f8f4", "ReferenceSequence", sequence_md5="f1f8f4bf413b16ad135722aa4591043e"),
        ],
    )


def element(name: str, kind: str, /, **members: Any) -> NewElement:
    """A new element; what is no member of the order is an attribute."""
    own = {name: members.pop(name) for name in ("source", "index", "part_of") if name in members}
    return NewElement(id=name, type=kind, attributes=members, **own)


async def contents(store: Any) -> dict[str, bytes]:
    """Everything in the store."""
    keys = sorted(entry["path"] for entry in await store.list().collect_async())
    return {key: bytes(await (await store.get_async(key)).bytes_async()) for key in keys}


async def metadata(store: Any, prefix: str = "proj/ex") -> dict[str, dict[str, Any]]:
    """What a reader sees."""
    found = await store.get_async(f"{prefix}/data.zarr/zarr.json")
    return tree_of(bytes(await found.bytes_async())).metadata


def node(content: dict[str, bytes], name: str, prefix: str = "proj/ex") -> dict[str, Any]:
    """Attributes of an element by its own file."""
    attributes: dict[str, Any] = json.loads(content[f"{prefix}/data.zarr/{name}/zarr.json"])["attributes"]
    return attributes


class Crash(Exception):
    """The process ends here, as it were."""


class CrashingStore:
    """A real store that fails from its n-th write on: before it is done, or just after."""

    def __init__(self, store: Any, writes: int, *, is_done: bool) -> None:
        self._store = store
        self._left = writes
        self._is_done = is_done
        self.crashed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def put_async(self, *arguments: Any, **options: Any) -> Any:
        return await self._write(self._store.put_async, *arguments, **options)

    async def delete_async(self, *arguments: Any) -> Any:
        return await self._write(self._store.delete_async, *arguments)

    async def copy_async(self, *arguments: Any, **options: Any) -> Any:
        return await self._write(self._store.copy_async, *arguments, **options)

    async def _write(self, write: Any, *arguments: Any, **options: Any) -> Any:
        self._left -= 1
        if self._left > 0:
            return await write(*arguments, **options)
        if self._is_done and not self.crashed:
            self.crashed = True
            await write(*arguments, **options)
        self.crashed = True
        raise Crash


def placed(store: Any, day: date = DAY) -> Place:
    """The place of the example in a store."""
    return Place(store, "proj/ex", "s3://bucket/proj/ex", today=lambda: day)
