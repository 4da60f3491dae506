"""The zarr groups of an object as they are written: one `zarr.json` each, and all of them in that of the root."""

import json
import unicodedata
from collections.abc import Iterable
from typing import Any, Self

from scibus.contracts.modos import Metadata
from scibus.contracts.problems import BadBackendAnswer
from scibus.modos.editing.schema import GROUPS
from scibus.modos.zarr_metadata import FOLDER, ZARR3, BrokenMetadata, parse_tree

TRUTH = ZARR3
"""The file that readers read; the others follow it."""

Attributes = dict[str, Any]


class Layout:
    """All nodes of one object. What an edit does not touch stays as it was read, arrays too."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._nodes: dict[str, dict[str, Any]] = document["consolidated_metadata"]["metadata"]

    @classmethod
    def new(cls, attributes: Attributes) -> Self:
        """An object without elements."""
        nodes = {group: _group({}, _consolidated({})) for group in GROUPS}
        return cls(_group(attributes, _consolidated(nodes)))

    @classmethod
    def read(cls, zarr_json: bytes, where: str) -> Self:
        """The object that the root's `zarr.json` tells of.

        Raises:
            BadBackendAnswer: it cannot be read.
        """
        try:
            parse_tree(zarr_json).metadata  # noqa: B018
        except BrokenMetadata as error:
            raise BadBackendAnswer(f"the object {where} cannot be changed: {error}") from error
        return cls(json.loads(zarr_json))

    @property
    def attributes(self) -> Attributes:
        """Those of the object itself."""
        found: Attributes = self._document.setdefault("attributes", {})
        return found

    @property
    def id(self) -> str:
        return str(self.attributes["id"])

    @property
    def elements(self) -> dict[str, Attributes]:
        """Attributes by `group/name`: to be changed in place."""
        nodes = self._nodes.items()
        return {path: node.setdefault("attributes", {}) for path, node in nodes if path.count("/") == 1}

    @property
    def metadata(self) -> Metadata:
        nodes = self._nodes.items()
        return {self.id: self.attributes} | {path: node.get("attributes", {}) for path, node in nodes if "/" in path}

    def add(self, path: str, attributes: Attributes) -> None:
        """A new element, and its group where there is none yet."""
        group = path.partition("/")[0]
        self._nodes.setdefault(group, _group({}, _consolidated({})))
        self._nodes[path] = _group(attributes, _consolidated({}))

    def remove(self, path: str) -> None:
        """Take an element away, with all below it."""
        for gone in [name for name in self._nodes if name == path or name.startswith(f"{path}/")]:
            del self._nodes[gone]

    def encoded(self) -> bytes:
        """The `zarr.json` of the root."""
        inner = dict(sorted(self._nodes.items(), key=lambda item: _place(item[0])))
        consolidated = {**self._document["consolidated_metadata"], "metadata": inner}
        return _json({**self._document, "consolidated_metadata": consolidated})

    def files(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The nodes' own `zarr.json`, by name below the object."""
        return {file_of(path): _json(_alone(self._nodes[path])) for path in paths if path in self._nodes}

    def all_files(self) -> dict[str, bytes]:
        """Those of all nodes but the root."""
        return self.files(self._nodes)


def file_of(path: str) -> str:
    """Where the `zarr.json` of a node is."""
    return f"{FOLDER}/{path}/zarr.json"


def _group(attributes: Attributes, consolidated: dict[str, Any]) -> dict[str, Any]:
    return {
        "attributes": attributes,
        "zarr_format": 3,
        "consolidated_metadata": consolidated,
        "node_type": "group",
    }


def _consolidated(nodes: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "inline", "must_understand": False, "metadata": nodes}


def _alone(node: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != "consolidated_metadata"}


def _place(path: str) -> tuple[int, str]:
    """Nodes are in zarr's own order: by depth, then by name."""
    return path.count("/"), unicodedata.normalize("NFKC", path).casefold()


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode()
