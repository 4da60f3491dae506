"""Other attributes for an object or an element: the root first, which readers read, then the element's own file."""

from typing import Any

from scibus.contracts.modos import EditedObject, UpdateOrder
from scibus.modos.editing.attributes import check_required, stored
from scibus.modos.editing.faults import Faults
from scibus.modos.editing.place import Place
from scibus.modos.editing.schema import class_of


async def update(place: Place, order: UpdateOrder) -> EditedObject:
    """Set attributes of an object or an element; null takes one away.

    Raises:
        Conflict: somebody else changed the object meanwhile (retryable).
        InvalidRequest: the attributes do not fit the object or the schema.
        NotFound: there is no such object or element.
    """
    thing = await place.read()
    layout = thing.layout
    name = (order.element or "").strip("/")
    is_object = name in ("", layout.id)
    attributes = layout.attributes if is_object else thing.element(name)
    faults, kind = Faults(), class_of(attributes)
    fixed = {"@type": attributes.get("@type", ""), "id": layout.id if is_object else name.rpartition("/")[2]}
    values = stored(order.attributes, kind, there=layout.elements, fixed=fixed, faults=faults, field="attributes")
    before = dict(attributes)
    _set(attributes, values)
    # What is missing already is no fault of this order.
    if None in values.values():
        check_required(attributes, kind, faults, "attributes")
    faults.check("the order")
    if attributes != before:
        await thing.write(keep_date=is_object and "last_update_date" in values)
    if not is_object:
        await thing.write_nodes([name])
    return thing.edited([layout.id if is_object else name])


def _set(attributes: dict[str, Any], values: dict[str, Any]) -> None:
    for name, value in values.items():
        if value is None:
            attributes.pop(name, None)
        else:
            attributes[name] = value
