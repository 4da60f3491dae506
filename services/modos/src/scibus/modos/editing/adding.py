"""New elements of an object: their files first, then themselves, and last the root that names them."""

import asyncio
from collections.abc import Sequence

from scibus.contracts.modos import AddOrder, EditedObject
from scibus.contracts.problems import Conflict
from scibus.modos.editing.attributes import says_all_of
from scibus.modos.editing.content import ReadBlob, store_files
from scibus.modos.editing.elements import Elements, Prepared, by_parent, join, prepared
from scibus.modos.editing.faults import Faults
from scibus.modos.editing.layout import Layout
from scibus.modos.editing.place import Place


async def add(place: Place, order: AddOrder, read: ReadBlob | None = None, *, repeated: bool = False) -> EditedObject:
    """Add elements to an object, and the links to them.

    Args:
        place: of the object.
        order: the elements.
        read: reads content of files.
        repeated: whether an earlier attempt may have added them already. They are left as they are then.

    Raises:
        Conflict: an element is there already; or somebody else changed the object meanwhile (retryable).
        InvalidRequest: the order does not fit the object or the schema.
        NotFound: there is no such object.
    """
    thing = await place.read()
    layout, faults = thing.layout, Faults()
    there = layout.elements
    elements = await asyncio.to_thread(prepared, order.elements, there, layout.id, faults)
    faults.check("the order")
    new = [element for element in elements if _is_new(element, there, repeated)]
    parents, is_changed = _join(elements, layout, faults)
    faults.check("the order")
    if new or is_changed:
        for element in new:
            await store_files(place.folder, element, read)
            layout.add(element.path, element.attributes)
        await thing.write_nodes({element.path.partition("/")[0]: None for element in new})
        await thing.write_nodes(element.path for element in new)
        await thing.write()
    await thing.write_nodes(parents)
    return thing.edited([*(element.path for element in elements), *(parent or layout.id for parent in parents)])


def _is_new(element: Prepared, there: Elements, repeated: bool) -> bool:
    if element.path not in there:
        return True
    if repeated and says_all_of(there[element.path], element.attributes):
        return False
    raise Conflict(f"there is an element {element.path} already: update it, or choose another id")


def _join(elements: Sequence[Prepared], layout: Layout, faults: Faults) -> tuple[list[str], bool]:
    """Link to the elements from those that are there, and from the object: from whom, and whether it was to be done."""
    is_changed = False
    there = {"": layout.attributes} | layout.elements
    new = {element.path for element in elements}
    children = {parent: found for parent, found in by_parent(elements).items() if parent not in new}
    for parent, found in children.items():
        is_changed |= join(there[parent], found, faults)
    return list(children), is_changed
