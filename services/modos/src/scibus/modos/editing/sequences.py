"""The reference sequences of an object: which of them is meant, and new ones."""

import re
from itertools import count
from typing import TYPE_CHECKING, Any

from scibus.modos.editing.layout import Layout

if TYPE_CHECKING:
    from scibus.modos.genomics.headers import HeaderSequence

GROUP = "sequence"
NOT_IN_IDS = re.compile(r"[^A-Za-z0-9._-]")
LONGEST = 150
"""Letters of a name that its id takes over."""


class Sequences:
    """Finds and makes the elements for sequences.

    One sequence is what has one MD5, whatever it is called; without, what has one name. Those with an MD5 are to come
    first: what a name alone means can be told when all of them are known.
    """

    def __init__(self, layout: Layout) -> None:
        self._changed: dict[str, None] = {}
        self._layout = layout
        self._ids = {layout.id, *(path.rpartition("/")[2] for path in layout.elements)}
        self._by_md5: dict[str, tuple[str, dict[str, Any]]] = {}
        self._by_name: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for path, attributes in layout.elements.items():
            if path.startswith(f"{GROUP}/"):
                self._know(path, attributes)

    @property
    def changed(self) -> list[str]:
        """Elements that are new, or say more than before."""
        return list(self._changed)

    def element(self, sequence: "HeaderSequence") -> str:
        """The element of a sequence, which says all that is known of it then."""
        said = {
            "name": sequence.name,
            "sequence_md5": sequence.md5,
            "source_uri": sequence.uri,
            "description": sequence.description,
        }
        path, attributes = self._found(sequence) or self._new(sequence)
        missing = {name: value for name, value in said.items() if value and not attributes.get(name)}
        if missing:
            attributes |= missing
            self._know(path, attributes)
            self._changed[path] = None
        return path

    def _found(self, sequence: "HeaderSequence") -> tuple[str, dict[str, Any]] | None:
        if sequence.md5 in self._by_md5:
            return self._by_md5[sequence.md5]
        named = self._by_name.get(sequence.name, [])
        unknown = [one for one in named if not one[1].get("sequence_md5")]
        if unknown:
            return unknown[0]
        # Of several sequences of one name none is meant more than the others.
        return named[0] if len(named) == 1 and not sequence.md5 else None

    def _new(self, sequence: "HeaderSequence") -> tuple[str, dict[str, Any]]:
        attributes = {"@type": "ReferenceSequence"}
        path = f"{GROUP}/{self._free_id(sequence)}"
        self._layout.add(path, attributes)
        return path, attributes

    def _free_id(self, sequence: "HeaderSequence") -> str:
        """As MODOS makes them: the name and the first six digits of the MD5."""
        name = NOT_IN_IDS.sub("_", sequence.name)[:LONGEST].lstrip("._") or GROUP
        base = f"{name}_{sequence.md5[:6]}" if sequence.md5 else name
        wanted = base
        for number in count(2):
            if wanted not in self._ids:
                break
            wanted = f"{base}_{number}"
        self._ids.add(wanted)
        return wanted

    def _know(self, path: str, attributes: dict[str, Any]) -> None:
        if md5 := attributes.get("sequence_md5"):
            self._by_md5.setdefault(str(md5).lower(), (path, attributes))
        if name := attributes.get("name"):
            named = self._by_name.setdefault(str(name), [])
            if path not in (other for other, _ in named):
                named.append((path, attributes))
