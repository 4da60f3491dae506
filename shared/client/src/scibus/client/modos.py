"""What the published client calls `modos.remote`, asked over the bus: problems with a name instead of crashes."""

from typing import Any

from scibus.client.bus import Bus
from scibus.contracts.modos import is_s3_path

__all__ = ["get_metadata_from_remote", "get_s3_path", "is_s3_path", "list_remote_items"]


async def list_remote_items(bus: Bus) -> list[str]:
    """Paths of all objects, as `s3://bucket/name`; an empty list where there are none.

    Raises:
        Problem: the deployment cannot be asked.
    """
    return (await bus.modos.list()).data


async def get_metadata_from_remote(bus: Bus, modo_id: str | None = None) -> dict[str, Any]:
    """What objects say of themselves.

    Without `modo_id` all of them, `{"data": [{"meta": {...}, "path": "s3://..."}]}` as the newer server answers; with
    it, the attributes of that object under its id and of its elements under `group/name`.

    Raises:
        NotFound: there is no object of that id, place or path.
        InvalidRequest: there are several, which are named.
        Problem: the deployment cannot be asked.
    """
    answer = await bus.modos.metadata(modo=modo_id)
    if modo_id is None:
        return {"data": [one.model_dump(mode="json") for one in answer.data]}
    return answer.data[0].meta


async def get_s3_path(bus: Bus, query: str, exact_match: bool = False) -> list[dict[str, dict[str, str | None]]]:
    """Where objects are: `[{name: {"s3_endpoint": ..., "modo_path": ...}}]`, best first; an empty list for none.

    Args:
        exact_match: only the object of exactly that name; otherwise those whose names are alike.

    Raises:
        Problem: the deployment cannot be asked.
    """
    found = await bus.modos.s3_path(query=query, exact_match=exact_match)
    return [{name: place.model_dump() for name, place in one.items()} for one in found.data]
