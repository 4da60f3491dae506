"""Metadata of an object as zarr writes it: groups whose attributes are the elements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Attributes = Mapping[str, Any]
Elements = Mapping[str, Attributes]

ROOT = "data.zarr"
RELEASE_METADATA = f"{ROOT}/.zmetadata"
GROUPS = ("assay", "data", "reference", "sample", "sequence")


def zarr3(attributes: Attributes, elements: Elements, consolidated: bool = True) -> dict[str, bytes]:
    """Files of the newer generation by key within the object; `elements` are by "group/name"."""
    nodes: dict[str, Attributes] = {**{group: {} for group in GROUPS}, **elements}
    root = _group(attributes)
    if consolidated:
        inner = {name: {**_group(node), "consolidated_metadata": _consolidated({})} for name, node in nodes.items()}
        root = {"attributes": attributes, "zarr_format": 3, "consolidated_metadata": _consolidated(inner)}
        root["node_type"] = "group"
    files = {f"{ROOT}/zarr.json": _json(root)}
    return files | {f"{ROOT}/{name}/zarr.json": _json(_group(node)) for name, node in nodes.items()}


def zarr2(attributes: Attributes, elements: Elements, consolidated: bool = True) -> dict[str, bytes]:
    """Files of the release 0.3.5 by key within the object."""
    documents: dict[str, Any] = {".zattrs": attributes, ".zgroup": {"zarr_format": 2}}
    for group in GROUPS:
        documents[f"{group}/.zgroup"] = {"zarr_format": 2}
    for name, element in elements.items():
        documents[f"{name}/.zattrs"] = element
        documents[f"{name}/.zgroup"] = {"zarr_format": 2}
    files = {f"{ROOT}/{name}": _json(document) for name, document in documents.items()}
    if consolidated:
        files[RELEASE_METADATA] = _json({"metadata": documents, "zarr_consolidated_format": 1})
    return files


def _group(attributes: Attributes) -> dict[str, Any]:
    return {"attributes": attributes, "zarr_format": 3, "node_type": "group"}


def _consolidated(nodes: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "inline", "must_understand": False, "metadata": nodes}


def _json(document: Any) -> bytes:
    return json.dumps(document, indent=2).encode()
