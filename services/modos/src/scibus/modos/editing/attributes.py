"""Attributes of an order, checked and as they are stored."""

from collections.abc import Collection, Mapping
from typing import Any

from scibus.modos.editing.faults import Faults
from scibus.modos.editing.links import checked
from scibus.modos.editing.schema import SLOTS, ElementClass


def stored(
    ordered: Mapping[str, Any],
    kind: ElementClass | None,
    *,
    there: Collection[str],
    fixed: Mapping[str, str],
    faults: Faults,
    field: str,
) -> dict[str, Any]:
    """What is stored for the attributes of an order: links and other lists as lists; nulls stay.

    Args:
        ordered: the attributes.
        kind: what they are for; None: a class that the schema does not know.
        there: all elements that a link can lead to.
        fixed: the type and the id, which the order may repeat but not change.
        faults: gets what is wrong.
        field: where in the order they are.
    """
    values: dict[str, Any] = {}
    for name, value in ordered.items():
        if name in fixed:
            if value != fixed[name]:
                faults.add(f"{field}.{name}", f"it is {fixed[name]!r}, which cannot be changed")
            continue
        try:
            values[name] = _stored(name, value, kind, there)
        except ValueError as error:
            faults.add(f"{field}.{name}", str(error))
    return values


def check_required(attributes: Mapping[str, Any], kind: ElementClass | None, faults: Faults, field: str) -> None:
    """See to it that all is there without which a reader of the schema fails."""
    for name in kind.required if kind else ():
        if attributes.get(name) in (None, "", []):
            faults.add(f"{field}.{name}", f"{attributes['@type']} elements must have it")


def says_all_of(attributes: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether all that is wanted is there; more is no harm."""

    def is_in(name: str, value: Any) -> bool:
        found = attributes.get(name)
        if isinstance(found, list) and isinstance(value, list):
            return all(one in found for one in value)
        return bool(found == value)

    return all(is_in(name, value) for name, value in wanted.items())


def _stored(name: str, value: Any, kind: ElementClass | None, there: Collection[str]) -> Any:
    slot = SLOTS.get(name)
    if not name:
        raise ValueError("an attribute has a name")
    if slot is None or value is None:
        return value
    if slot.kind == "link":
        if kind is None or name not in kind.slots:
            raise ValueError("elements of this type have no such link")
        return checked(value, slot.target, there)
    values = value if isinstance(value, list) else [value]
    if (slot.kind != "text" or slot.pattern) and not all(isinstance(one, str) and one for one in values):
        raise ValueError("it is a text")
    if slot.pattern and not all(slot.pattern.fullmatch(one) for one in values):
        raise ValueError(f"it does not fit the pattern {slot.pattern.pattern}")
    if slot.many:
        return values
    if isinstance(value, list):
        raise ValueError("it is one value, not a list")
    return value
