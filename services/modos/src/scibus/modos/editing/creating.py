"""A new object: its files and elements first, and last what makes it seen."""

import asyncio
from collections.abc import Sequence
from typing import Any

from scibus.contracts.modos import CreateOrder, EditedObject
from scibus.contracts.problems import Conflict, NotFound, Unsupported
from scibus.modos.editing.attributes import says_all_of, stored
from scibus.modos.editing.content import ReadBlob, store_files
from scibus.modos.editing.elements import Prepared, by_parent, join, prepared
from scibus.modos.editing.faults import Faults
from scibus.modos.editing.layout import TRUTH, Layout
from scibus.modos.editing.place import Place, edited
from scibus.modos.editing.schema import OBJECT, OBJECT_CLASS

DATES = ("creation_date", "last_update_date")


async def create(
    place: Place, order: CreateOrder, read: ReadBlob | None = None, *, repeated: bool = False
) -> EditedObject:
    """Make an object with its first elements. It can be seen when it is whole.

    Args:
        place: where; the path of the order is not looked at.
        order: what to make.
        read: reads content of files.
        repeated: whether an earlier attempt may have made it already. It is left as it is then.

    Raises:
        Conflict: there is an object already.
        InvalidRequest: the order does not fit the schema.
    """
    faults = Faults()
    name = order.id or place.folder.prefix.rpartition("/")[2]
    elements = await asyncio.to_thread(prepared, order.elements, {}, name, faults)
    attributes = _attributes(order, name, elements, place.today().isoformat(), faults)
    faults.check("the order")
    layout = Layout.new(attributes)
    for element in elements:
        layout.add(element.path, element.attributes)
    changed = [layout.id, *(element.path for element in elements)]
    if there := await _there(place):
        if not (repeated and _is_made(there, layout, order)):
            raise Conflict(f"there is an object {place.path} already: choose another path, or add to that one")
        return edited(place, there, changed)
    for element in elements:
        await store_files(place.folder, element, read)
    await place.folder.put_all(await asyncio.to_thread(layout.all_files))
    await place.folder.create(TRUTH, await asyncio.to_thread(layout.encoded))
    return edited(place, layout, changed)


def _attributes(
    order: CreateOrder, name: str, elements: Sequence[Prepared], today: str, faults: Faults
) -> dict[str, Any]:
    """Those of the object itself, with the links to its assays."""
    fixed = {"@type": OBJECT, "id": name}
    there = {element.path for element in elements}
    given = stored(order.attributes, OBJECT_CLASS, there=there, fixed=fixed, faults=faults, field="attributes")
    dates = dict.fromkeys(DATES, today)
    attributes = {**fixed, **dates, **{name: value for name, value in given.items() if value not in (None, [])}}
    join(attributes, by_parent(elements).get("", {}), faults)
    return attributes


async def _there(place: Place) -> Layout | None:
    try:
        return (await place.read()).layout
    except NotFound:
        return None
    except Unsupported as error:
        raise Conflict(f"there is an object {place.path} already, of zarr 2: choose another path") from error


def _is_made(there: Layout, wanted: Layout, order: CreateOrder) -> bool:
    """Whether it is what an earlier attempt at this order has made; its dates may be those of another day."""
    dates = [name for name in DATES if name not in order.attributes]
    own = {name: value for name, value in wanted.attributes.items() if name not in dates}
    return says_all_of(there.attributes, own) and all(
        path in there.elements and says_all_of(there.elements[path], attributes)
        for path, attributes in wanted.elements.items()
    )
