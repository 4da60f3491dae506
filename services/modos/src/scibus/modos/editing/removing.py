"""An element that goes: first out of the root, with all links to it, then its file, and last its own `zarr.json`.

Until that is gone, a removal that was broken off can be finished: it tells which file was the element's.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from scibus.contracts.modos import EditedObject, RemoveOrder
from scibus.contracts.problems import NotFound
from scibus.modos.editing.files import files_to_go
from scibus.modos.editing.layout import Layout, file_of
from scibus.modos.editing.links import holders, unlink
from scibus.modos.editing.place import OpenObject, Place
from scibus.modos.editing.schema import GROUPS
from scibus.modos.zarr_metadata import FOLDER

Note = Callable[[list[str]], Awaitable[None]]


async def remove(
    place: Place, order: RemoveOrder, *, note: Note | None = None, noted: list[str] | None = None
) -> EditedObject:
    """Remove an element, all links to it, and its file with the indexes unless another element names it too.

    Args:
        place: of the object.
        order: the element.
        note: is told, before anything is changed, what will be.
        noted: what an earlier attempt was told: with it, an element that is gone is no fault.

    Raises:
        Conflict: somebody else changed the object meanwhile (retryable).
        NotFound: there is no such object or element.
    """
    thing = await place.read()
    layout, name = thing.layout, order.element
    if name in layout.elements:
        attributes: dict[str, Any] | None = layout.elements[name]
        await thing.write_nodes([name])
        changed = _take_out(layout, name)
        if note:
            await note(changed)
        await thing.write()
        followers = changed
    else:
        attributes = await _left_over(thing, name)
        if attributes is None and noted is None:
            thing.element(name)
        changed = noted or [name]
        followers = noted or holders(layout.elements, layout.elements, name.partition("/")[0])
    await thing.write_nodes(followers)
    if attributes is not None:
        if not order.keep_file:
            await place.folder.delete(files_to_go(attributes, layout.elements.values()))
        await _delete_node(thing, name)
    return thing.edited(changed)


def _take_out(layout: Layout, name: str) -> list[str]:
    """Remove the element and the links to it: which attributes that changes."""
    layout.remove(name)
    losers = [other for other, attributes in layout.elements.items() if unlink(attributes, name)]
    if unlink(layout.attributes, name):
        losers.append(layout.id)
    return [name, *losers]


async def _left_over(thing: OpenObject, name: str) -> dict[str, Any] | None:
    """Attributes of an element whose removal was not finished; None: there is none."""
    if name.partition("/")[0] not in GROUPS:
        return None
    try:
        document = json.loads((await thing.folder.read(file_of(name))).data)
    except NotFound:
        return None
    except ValueError:
        return {}
    attributes = document.get("attributes") if isinstance(document, dict) else None
    return attributes if isinstance(attributes, dict) else {}


async def _delete_node(thing: OpenObject, name: str) -> None:
    last = file_of(name)
    below = await thing.folder.below(f"{FOLDER}/{name}")
    await thing.folder.delete([*(key for key in below if key != last), last])
