"""The objects in a bucket, as each generation of the server finds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scibus.sandbox.modos.objects import Buckets
from scibus.sandbox.modos.samples.layout import RELEASE_METADATA, ROOT

MARK = f"{ROOT}/zarr.json"

Meta = Mapping[str, Any]


class Unreadable(Exception):
    """An object has no consolidated metadata."""


async def paths(buckets: Buckets, bucket: str) -> list[str]:
    """Whatever has a `data.zarr/zarr.json`, at any depth; "." for one at the root of the bucket."""
    keys = await buckets.keys(bucket)
    return [key.removesuffix(MARK).rstrip("/") or "." for key in keys if key == MARK or key.endswith(f"/{MARK}")]


async def release_paths(buckets: Buckets, bucket: str) -> list[str]:
    """The folders at the root, objects or not."""
    return sorted({key.partition("/")[0] for key in await buckets.keys(bucket) if "/" in key})


async def meta(buckets: Buckets, bucket: str, path: str) -> Meta:
    """The elements of one object; the object itself goes by the id among its attributes.

    Raises:
        Unreadable: its metadata is not consolidated.
    """
    content = await buckets.read(bucket, MARK if path == "." else f"{path}/{MARK}")
    root = json.loads(content or b"{}")
    if "consolidated_metadata" not in root:
        raise Unreadable(path)
    nodes = root["consolidated_metadata"]["metadata"]
    elements = {name: node["attributes"] for name, node in nodes.items() if "/" in name}
    return {root["attributes"]["id"]: root["attributes"], **elements}


async def release_meta(buckets: Buckets, bucket: str, path: str) -> Meta:
    """The same from the files of the release 0.3.5."""
    content = await buckets.read(bucket, f"{path}/{RELEASE_METADATA}")
    if content is None:
        raise Unreadable(path)
    documents = json.loads(content)["metadata"]
    root = documents[".zattrs"]
    elements = {
        name.removesuffix("/.zattrs"): attributes
        for name, attributes in documents.items()
        if name.endswith("/.zattrs") and name.count("/") == 2
    }
    return {root["id"]: root, **elements}
