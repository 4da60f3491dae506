"""Links between elements: lists of `group/id`, though older objects have bare ids and single texts."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from scibus.modos.editing.schema import CLASSES, GROUPS, OBJECT_CLASS, SLOTS, class_of, slot_to

LINKS = {name: slot for name, slot in SLOTS.items() if slot.kind == "link"}


def full_name(text: str, group: str) -> str:
    """`group/id` for what is written as that, with a slash before it, or as a bare id."""
    bare = text.strip("/")
    return bare if "/" in bare else f"{group}/{bare}"


def linked(value: object, group: str) -> list[str]:
    """The elements that a stored value links to."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [full_name(str(one), group) for one in values]


def checked(value: object, group: str, there: Container[str]) -> list[str]:
    """The links of an order, as they are stored.

    Raises:
        ValueError: they lead to elements of another group, or to nowhere.
    """
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) and one for one in values):
        raise ValueError("a link is the name of an element, or a list of names")
    names = list(dict.fromkeys(linked(value, group)))
    for name in names:
        if not name.startswith(f"{group}/"):
            raise ValueError(f"it leads to elements of the group {group!r}, {name!r} is none")
        if name not in there:
            raise ValueError(f"there is no element {name!r}: add it first, or in the same order")
    return names


def link(parent: dict[str, Any], group: str, names: Sequence[str]) -> bool:
    """Let the attributes `parent` link to elements of the group; whether they did not yet.

    Raises:
        ValueError: elements of that class do not link to such.
    """
    slot = slot_to(group)
    kind = class_of(parent)
    if kind is None or slot not in kind.slots:
        raise ValueError(f"a {parent.get('@type')} has no {slot}: it cannot hold elements of the group {group!r}")
    before = linked(parent.get(slot), group)
    after = list(dict.fromkeys((*before, *names)))
    if len(after) == len(before):
        return False
    parent[slot] = after
    return True


def unlink(attributes: dict[str, Any], name: str) -> bool:
    """Take all links to the element away; whether there were any. A link attribute that becomes empty goes too."""
    group = name.partition("/")[0]
    slot = slot_to(group) if group in GROUPS else ""
    names = linked(attributes.get(slot), group)
    if name not in names:
        return False
    left = [other for other in names if other != name]
    if left:
        attributes[slot] = left
    else:
        del attributes[slot]
    return True


def holders(names: Iterable[str], elements: Mapping[str, Mapping[str, Any]], group: str) -> list[str]:
    """Those of the elements whose class can link to the group."""
    slot = slot_to(group)
    kinds = {kind for kind, known in CLASSES.items() if slot in known.slots}
    return [name for name in names if name in elements and elements[name].get("@type") in kinds]


def object_holds(group: str) -> bool:
    """Whether elements of the group always belong to the object itself."""
    return slot_to(group) in OBJECT_CLASS.slots
