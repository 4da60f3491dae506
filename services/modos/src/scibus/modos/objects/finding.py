"""Objects by name: exactly, or by likeness as the server defines it."""

from collections.abc import Iterable
from difflib import SequenceMatcher

from scibus.contracts.modos import FoundObject

ALIKE = 0.7
"""What a likeness must exceed."""


def name_of(path: str) -> str:
    """An object's place in its bucket."""
    return path.removeprefix("s3://").partition("/")[2]


def found_exactly(query: str, paths: Iterable[str]) -> list[FoundObject]:
    """The objects of that name; a slash around it does not count."""
    wanted = query.strip("/")
    fitting = [path for path in paths if wanted in (name_of(path), path)]
    return [FoundObject(path=path, name=name_of(path), score=1.0) for path in fitting]


def found_alike(query: str, paths: Iterable[str]) -> list[FoundObject]:
    """The objects whose names are like `query`, best first.

    Likeness is `difflib.SequenceMatcher(None, query, name).quick_ratio()`: how many letters both have, whatever their
    order; capitals count.
    """
    wanted, found = query.strip("/"), []
    for path in paths:
        name = name_of(path)
        score = SequenceMatcher(None, wanted, name).quick_ratio()
        if score > ALIKE:
            found.append(FoundObject(path=path, name=name, score=score))
    return sorted(found, key=lambda one: -one.score)
