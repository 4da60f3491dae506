"""All objects of a bucket, from the names of its files alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import obstore

from scibus.modos.store_faults import told_as_problems
from scibus.modos.zarr_metadata import ZARR2, ZARR3

if TYPE_CHECKING:
    from obstore.store import ObjectStore

ROOTS = (ZARR3, ZARR2)
"""Where an object's own metadata are."""
AT_ONCE = 1000


@dataclass(frozen=True)
class ListedObject:
    """An object, and the version of its metadata.

    Attributes:
        name: its place in the bucket.
        root: key of its metadata.
        version: changes with the metadata.
    """

    name: str
    root: str
    version: str


async def listed(store: "ObjectStore", bucket: str) -> list[ListedObject]:
    """Every object of the bucket, in the order of their names, each once.

    Raises:
        Problem: the store cannot be read; see `told_as_problems`.
    """
    found: dict[str, ListedObject] = {}
    with told_as_problems(f"the bucket {bucket}"):
        async for page in obstore.list(store, chunk_size=AT_ONCE):
            for item in page:
                key = item["path"]
                root = next((root for root in ROOTS if key.endswith(root)), None)
                name = key.removesuffix(root).rstrip("/") if root else ""
                # The part before must be a folder, and an object at the bucket's root has no name to be asked by.
                if not root or not name or key != f"{name}/{root}":
                    continue
                if name not in found or root == ROOTS[0]:
                    version = item["e_tag"] or f"{item['last_modified'].timestamp()}-{item['size']}"
                    found[name] = ListedObject(name, key, version)
    return [found[name] for name in sorted(found)]
