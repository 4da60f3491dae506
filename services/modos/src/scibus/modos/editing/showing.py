"""An object, a group of its elements or one of them, as text to be read."""

import json
import math
from typing import Any

import yaml  # type: ignore[import-untyped]

from scibus.contracts.modos import Metadata, ShownObject, ShowQuery
from scibus.contracts.problems import NotFound
from scibus.modos.editing.schema import GROUPS
from scibus.modos.editing.turtle import turtle

MEDIA_TYPES = {"json": "application/json", "yaml": "application/yaml", "turtle": "text/turtle"}
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""In C where the library was built with it: an object may have thousands of elements."""


def shown(metadata: Metadata, query: ShowQuery, path: str) -> ShownObject:
    """The text that is asked for: of an element its attributes, else a map of elements. It may take long: use a thread.

    Turtle is about `path` itself where the query has no base.

    Raises:
        NotFound: there is no such group or element.
        InvalidRequest: the base is no absolute URI.
    """
    part = _part(metadata, (query.element or "").strip("/"), path)
    return ShownObject(path=path, text=_text(part, query, path), media_type=MEDIA_TYPES[query.format])


def _part(metadata: Metadata, name: str, path: str) -> Metadata:
    if not name:
        return metadata
    if name in metadata:
        return {name: metadata[name]}
    group = {element: attributes for element, attributes in metadata.items() if element.startswith(f"{name}/")}
    if not group and name not in GROUPS:
        some = ", ".join(list(metadata)[:20])
        raise NotFound(f"the object {path} has neither a group nor an element {name[:200]!r}; there are: {some}")
    return group


def _text(part: Metadata, query: ShowQuery, path: str) -> str:
    if query.format == "turtle":
        return turtle(part, query.base_uri or f"{path}/")
    is_element = (query.element or "").strip("/") in part
    content = next(iter(part.values())) if is_element else part
    if query.format == "json":
        return json.dumps(_finite(content), indent=2, ensure_ascii=False)
    return str(yaml.dump(content, Dumper=_DUMPER, sort_keys=False, allow_unicode=True))


def _finite(value: Any) -> Any:
    """JSON has no word for numbers that are none."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list) else value
