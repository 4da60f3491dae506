"""What an object says of itself, read from its consolidated zarr metadata: of zarr 3, and of zarr 2 as before 0.4."""

import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from scibus.contracts.modos import Metadata

FOLDER = "data.zarr"
"""Of an object: below it, nothing is an object of its own."""
ZARR3 = f"{FOLDER}/zarr.json"
"""What makes files an object for everybody who lists the bucket."""
ZARR2 = f"{FOLDER}/.zmetadata"
"""The same before MODOS 0.4."""
NodeType = Literal["group", "array"]


class BrokenMetadata(ValueError):
    """The metadata cannot be read; the text tells why."""


class Node(NamedTuple):
    """One node of the tree of zarr groups and arrays."""

    attributes: dict[str, Any]
    type: NodeType


class Tree(NamedTuple):
    """All nodes by their path in the tree, in stored order; the root is not among them."""

    root: dict[str, Any]
    nodes: dict[str, Node]

    @property
    def metadata(self) -> Metadata:
        """Attributes of the object under its id, and of its elements.

        Raises:
            BrokenMetadata: the object says no id.
        """
        name = self.root.get("id")
        if not isinstance(name, str) or not name:
            raise BrokenMetadata("the object's own attributes have no id")
        return {name: self.root} | {path: node.attributes for path, node in self.nodes.items() if "/" in path}


def tree_of(content: bytes) -> Tree:
    """All nodes that `zarr.json` or `.zmetadata` tells of.

    Raises:
        BrokenMetadata: it is neither.
    """
    document = _document(content)
    return _tree2(document) if "zarr_consolidated_format" in document else _tree3(document)


def parse_tree(zarr_json: bytes) -> Tree:
    """All nodes that `data.zarr/zarr.json` tells of.

    Raises:
        BrokenMetadata: it is no group of zarr 3 with inline consolidated metadata.
    """
    return _tree3(_document(zarr_json))


def _tree3(document: dict[str, Any]) -> Tree:
    if document.get("zarr_format") != 3 or document.get("node_type") != "group":
        raise BrokenMetadata("the metadata are no group of zarr 3")
    consolidated = document.get("consolidated_metadata")
    if not isinstance(consolidated, dict):
        raise BrokenMetadata("the object has no consolidated metadata: consolidate them with zarr")
    inner = consolidated.get("metadata")
    if not isinstance(inner, dict):
        raise BrokenMetadata("the consolidated metadata are no map of nodes")
    nodes = {}
    for path, node in inner.items():
        kind = node.get("node_type") if isinstance(node, dict) else None
        if kind != "group" and kind != "array":
            raise BrokenMetadata(f"the node {path[:200]!r} is neither group nor array")
        nodes[path] = Node(_attributes(node.get("attributes", {}), path), kind)
    return Tree(_attributes(document.get("attributes", {}), ""), nodes)


def _tree2(document: dict[str, Any]) -> Tree:
    inner = document.get("metadata")
    if not isinstance(inner, dict):
        raise BrokenMetadata("the object has no consolidated metadata: consolidate them with zarr")
    root = _attributes(inner.get(".zattrs", {}), "")
    return Tree(root, dict(_nodes2(inner)))


def _nodes2(inner: dict[str, Any]) -> Iterator[tuple[str, Node]]:
    kinds: dict[str, NodeType] = {".zgroup": "group", ".zarray": "array"}
    for key in inner:
        path, _, file = key.rpartition("/")
        if path and file in kinds:
            yield path, Node(_attributes(inner.get(f"{path}/.zattrs", {}), path), kinds[file])


def _attributes(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BrokenMetadata(f"the attributes of {path[:200] or 'the object'} are no map")
    return value


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenMetadata("the metadata are no JSON") from error
    if not isinstance(document, dict):
        raise BrokenMetadata("the metadata are no JSON object")
    if b"\\ud" in content or b"\\uD" in content:
        _check_is_unicode(document)
    return document


def _check_is_unicode(document: dict[str, Any]) -> None:
    """Refuse halves of characters, which JSON can write but no answer can carry."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BrokenMetadata("a text of the metadata is no Unicode") from error
