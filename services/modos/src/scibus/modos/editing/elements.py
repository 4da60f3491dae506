"""The new elements of an order: what is stored for each, and who is to link to it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scibus.contracts.blobs import BlobRef
from scibus.contracts.modos import NewElement
from scibus.modos.editing.attributes import check_required, stored
from scibus.modos.editing.faults import Faults
from scibus.modos.editing.files import index_name, own_file
from scibus.modos.editing.links import link, object_holds
from scibus.modos.editing.schema import ElementClass, class_named

Elements = Mapping[str, Mapping[str, Any]]
"""Attributes by `group/name`."""


class NewFile(NamedTuple):
    """Content for a file of the object."""

    name: str
    source: BlobRef


class Prepared(NamedTuple):
    """A new element as it will be stored.

    Attributes:
        parent: who links to it: `group/name`, or empty for the object itself; None: nobody.
    """

    path: str
    attributes: dict[str, Any]
    file: NewFile | None
    index_file: NewFile | None
    parent: str | None


def prepared(ordered: Sequence[NewElement], there: Elements, object_id: str, faults: Faults) -> list[Prepared]:
    """The elements of an order, for an object that has the elements `there`.

    Links between the new ones are made; those of elements that are there, and of the object, are left to be made.

    Raises:
        InvalidRequest: a type is unknown.
    """
    kinds = [class_named(element.type) for element in ordered]
    paths = [f"{kind.group}/{element.id}" for element, kind in zip(ordered, kinds, strict=True)]
    _check_ids(paths, there, object_id, faults)
    preparation = _Preparation(there, paths, object_id, faults)
    made = [
        preparation.of(element, kind, path, f"elements.{number}")
        for number, (element, kind, path) in enumerate(zip(ordered, kinds, paths, strict=True))
    ]
    new = {one.path: one.attributes for one in made}
    for parent, children in by_parent(made).items():
        if parent in new:
            join(new[parent], children, faults)
    _check_files(made, {**there, **new}, faults)
    return made


def by_parent(elements: Sequence[Prepared]) -> dict[str, dict[str, str]]:
    """For each parent its children, and where in the order each of them says so."""
    found: dict[str, dict[str, str]] = {}
    for number, element in enumerate(elements):
        if element.parent is not None:
            found.setdefault(element.parent, {})[element.path] = f"elements.{number}.part_of"
    return found


def join(parent: dict[str, Any], children: Mapping[str, str], faults: Faults) -> bool:
    """Let the parent link to its children, if its class can; whether it did not to all yet."""
    groups: dict[str, list[str]] = {}
    for path in children:
        groups.setdefault(path.partition("/")[0], []).append(path)
    is_changed = False
    for group, paths in groups.items():
        try:
            is_changed |= link(parent, group, paths)
        except ValueError as error:
            for path in paths:
                faults.add(children[path], str(error))
    return is_changed


class _Preparation:
    """Prepares the elements of one order, one by one."""

    def __init__(self, there: Elements, paths: Sequence[str], object_id: str, faults: Faults) -> None:
        self._names = {*there, *paths}
        self._by_id = {path.rpartition("/")[2]: path for path in (*there, *paths)}
        self._object_id = object_id
        self._faults = faults

    def of(self, element: NewElement, kind: ElementClass, path: str, field: str) -> Prepared:
        attributes = self._attributes(element, kind, f"{field}.attributes")
        file = index = None
        if element.source:
            file = self._file(element.source, attributes, kind, f"{field}.attributes.data_path")
        if element.index and file:
            index = self._index(element.index, file.name, f"{field}.index")
        return Prepared(path, attributes, file, index, self._parent(element.part_of, kind, f"{field}.part_of"))

    def _attributes(self, element: NewElement, kind: ElementClass, field: str) -> dict[str, Any]:
        fixed = {"@type": element.type, "id": element.id}
        given = stored(element.attributes, kind, there=self._names, fixed=fixed, faults=self._faults, field=field)
        attributes = {"@type": element.type} | {name: value for name, value in given.items() if value not in (None, [])}
        if element.source:
            attributes.setdefault("data_path", element.source.filename or element.source.name.rpartition("/")[2])
        check_required(attributes, kind, self._faults, field)
        return attributes

    def _file(self, source: BlobRef, attributes: dict[str, Any], kind: ElementClass, field: str) -> NewFile | None:
        name = own_file(attributes)
        if name is None or "data_path" not in kind.slots:
            self._faults.add(field, "content needs a type that has files, and a path relative to the object")
            return None
        return NewFile(name, source)

    def _index(self, source: BlobRef, file: str, field: str) -> NewFile | None:
        name = index_name(file, source.filename or source.name)
        if name is None:
            self._faults.add(field, f"a file as {file} has no index")
            return None
        return NewFile(name, source)

    def _parent(self, part_of: str | None, kind: ElementClass, field: str) -> str | None:
        if part_of is None:
            return "" if object_holds(kind.group) else None
        name = part_of.strip("/")
        if name in ("", self._object_id):
            return ""
        found = name if name in self._names else self._by_id.get(name)
        if found is None:
            self._faults.add(field, f"there is no element {name[:200]!r}")
        return found


def _check_ids(paths: Sequence[str], there: Elements, object_id: str, faults: Faults) -> None:
    """An id names one thing in an object, whatever its group: links may be written with it alone."""
    taken = {path.rpartition("/")[2]: path for path in there} | {object_id: "the object itself"}
    new = set()
    for number, path in enumerate(paths):
        name = path.rpartition("/")[2]
        if path in new or taken.get(name, path) != path:
            faults.add(f"elements.{number}.id", f"the id {name!r} is taken: by {taken[name]}")
        taken[name] = path
        new.add(path)


def _check_files(made: Sequence[Prepared], elements: Elements, faults: Faults) -> None:
    """Content never replaces a file that another element names."""
    named: dict[str, set[str]] = {}
    for path, attributes in elements.items():
        if file := own_file(attributes):
            named.setdefault(file, set()).add(path)
    for number, one in enumerate(made):
        for new in filter(None, (one.file, one.index_file)):
            if others := named.get(new.name, set()) - {one.path}:
                faults.add(f"elements.{number}.source", f"the file {new.name} is that of {min(others)} already")
            named.setdefault(new.name, set()).add(one.path)
