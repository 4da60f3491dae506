"""Which files an object has, as the object store tells it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import obstore
from pydantic import TypeAdapter, ValidationError

from scibus.contracts.modos.paths import FileName, S3Path
from scibus.contracts.problems import BackendFault, BadBackendAnswer, NotFound, TooLarge
from scibus.modos.store_faults import NAME, told_as_problems

if TYPE_CHECKING:
    from obstore import ListStream, ObjectMeta
    from obstore.store import ObjectStore

MOST_FILES = 100_000
WORTH_A_LISTING = 8
"""Files from which on a listing takes fewer questions than asking for each."""
PAGE = 1000
PAGE_SECONDS = 60.0
_a_file_name = TypeAdapter[str](FileName)


@dataclass(frozen=True)
class StoredFile:
    """A file in the store.

    Attributes:
        name: below the object.
        key: the whole of it.
        size: in bytes.
        e_tag: another one with every other content; None where the store tells none.
        modified: when it was stored.
    """

    name: str
    key: str
    size: int
    e_tag: str | None
    modified: datetime | None = None


def key_of(place: S3Path, name: str) -> str:
    """Key of the file `name` of the object at `place`."""
    return f"{place.key}/{name}" if place.key else name


async def all_files(store: "ObjectStore", place: S3Path) -> list[StoredFile]:
    """The files of the object at `place`, in the order of their names.

    What S3's own web page makes for a folder is listed too, as an empty file with the folder's name: it cannot be had.

    Raises:
        NotFound: there are none.
        TooLarge: there are too many.
        BadBackendAnswer: one of them has a name that leads elsewhere, or none that a file can have.
        What `told_as_problems` raises.
    """
    found: dict[str, StoredFile] = {}
    pages = obstore.list(store, prefix=place.key or None, chunk_size=PAGE)
    while page := await _next_page(pages, place):
        found |= {file.name: file for meta in page if (file := _file(meta, place))}
        if len(found) > MOST_FILES:
            raise TooLarge(f"{place} has more than {MOST_FILES} files: name those that are wanted")
    if not found:
        raise no_object(place)
    return [file for _, file in sorted(found.items())]


async def named_files(store: "ObjectStore", place: S3Path, names: Sequence[str]) -> list[StoredFile]:
    """The files `names` of the object at `place`, in the order of their names.

    Raises:
        NotFound: one of them does not exist.
        What `told_as_problems` raises.
    """
    wanted = sorted(set(names))
    if len(wanted) <= WORTH_A_LISTING:
        return [await named_file(store, place, name) for name in wanted]
    known = {file.name: file for file in await all_files(store, place)}
    for name in wanted:
        if name not in known:
            raise NotFound(f"there is no {place}/{name} in the object store", backend=BackendFault(name=NAME))
    return [known[name] for name in wanted]


async def named_file(store: "ObjectStore", place: S3Path, name: str) -> StoredFile:
    """The file `name` of the object at `place`. Raises what `named_files` raises."""
    key = key_of(place, name)
    with told_as_problems(f"{place}/{name}"):
        async with asyncio.timeout(PAGE_SECONDS):
            meta = await obstore.head_async(store, key)
    return StoredFile(name, key, meta["size"], meta["e_tag"], meta["last_modified"])


def no_object(place: S3Path) -> NotFound:
    """There is none at `place`."""
    return NotFound(f"there is no object {place} in the object store", backend=BackendFault(name=NAME))


async def _next_page(pages: "ListStream[Sequence[ObjectMeta]]", place: S3Path) -> "Sequence[ObjectMeta]":
    with told_as_problems(str(place)):
        async with asyncio.timeout(PAGE_SECONDS):
            return await anext(pages, [])


def _file(meta: "ObjectMeta", place: S3Path) -> StoredFile | None:
    """None for the folder of the object itself."""
    prefix = key_of(place, "")
    name = meta["path"].removeprefix(prefix)
    if not meta["path"].startswith(prefix) or not name:
        return None
    try:
        _a_file_name.validate_python(name)
    except ValidationError:
        fault = BackendFault(name=NAME)
        raise BadBackendAnswer(f"{place} has a file whose name cannot be used: {name[:200]!r}", backend=fault) from None
    return StoredFile(name, meta["path"], meta["size"], meta["e_tag"], meta["last_modified"])
