"""Which objects, and what of them, a question means."""

from collections.abc import Sequence
from typing import Any

from scibus.contracts.modos import BrokenObject, MetadataList, MetadataQuery, ObjectMetadata
from scibus.contracts.problems import InvalidRequest, NotFound

Said = ObjectMetadata | BrokenObject
SHOWN = 20


def chosen(said: Sequence[Said], query: MetadataQuery) -> MetadataList:
    """The part of `said` that fits `query`; a filter does not hide what is broken."""
    fitting: list[Said] = list(said)
    if query.text:
        wanted = query.text.casefold()
        fitting = [one for one in fitting if isinstance(one, BrokenObject) or _holds(one.meta, wanted)]
    if query.type:
        fitting = [one for one in (_of_type(one, query.type) for one in fitting) if one is not None]
    page = fitting[query.offset : None if query.limit is None else query.offset + query.limit]
    return MetadataList.model_construct(
        data=[one for one in page if isinstance(one, ObjectMetadata)],
        broken=[one for one in page if isinstance(one, BrokenObject)],
        total=len(fitting),
    )


def only(candidates: Sequence[str], name: str) -> str:
    """The one object that is meant.

    Raises:
        NotFound: there is none.
        InvalidRequest: there are several.
    """
    if not candidates:
        raise NotFound(f"there is no object {name[:200]!r}: `list` and `find` tell which there are")
    if len(candidates) > 1:
        more = f" and {len(candidates) - SHOWN} more" if len(candidates) > SHOWN else ""
        raise InvalidRequest(f"{name[:200]!r} may be {', '.join(candidates[:SHOWN])}{more}: name it by its path")
    return candidates[0]


def _holds(value: Any, wanted: str) -> bool:
    if isinstance(value, str):
        return wanted in value.casefold()
    if isinstance(value, dict):
        return any(_holds(member, wanted) for member in value.values())
    if isinstance(value, list):
        return any(_holds(member, wanted) for member in value)
    return value is not None and wanted in str(value).casefold()


def _of_type(one: Said, wanted: str) -> Said | None:
    """The object with elements of that type alone; None where it has none."""
    if isinstance(one, BrokenObject):
        return one
    meta = {name: attributes for name, attributes in one.meta.items() if attributes.get("@type") == wanted}
    return ObjectMetadata.model_construct(meta=meta, path=one.path) if meta else None
