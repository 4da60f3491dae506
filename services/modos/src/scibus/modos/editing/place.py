"""Where an object is, and the object as it was read from there.

The `zarr.json` of its root is what readers read: it is written once in each change, and only where nobody else changed
it meanwhile. Files that it names are written before it and removed after it, so that a reader sees a whole object at
any moment, and a change that was broken off can be made again.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from obstore.store import ObjectStore

from scibus.contracts.modos import EditedObject
from scibus.contracts.problems import NotFound, Unsupported
from scibus.modos.editing.folder import Folder
from scibus.modos.editing.layout import TRUTH, Layout
from scibus.modos.zarr_metadata import ZARR2


def day_in_utc() -> date:
    return datetime.now(UTC).date()


class Place:
    """Where an object is, or shall be.

    Whoever changes it sees to it that one change is made at a time. One by somebody else is noticed, and ends in a
    Conflict that is retryable.

    Args:
        store: the bucket.
        prefix: of the object's keys.
        path: what the object is called in answers.
        today: tells the day.
    """

    def __init__(self, store: ObjectStore, prefix: str, path: str, *, today: Callable[[], date] = day_in_utc) -> None:
        self.folder = Folder(store, prefix)
        self.path = path
        self.today = today

    async def read(self) -> "OpenObject":
        """The object that is there.

        Raises:
            NotFound: there is none.
            Unsupported: it is of zarr 2, which is read only.
            BadBackendAnswer: its metadata cannot be read.
        """
        try:
            content = await self.folder.read(TRUTH)
        except NotFound:
            if await self.folder.size(ZARR2) is None:
                raise NotFound(f"there is no object {self.path}") from None
            raise Unsupported(f"the object {self.path} is of zarr 2: only objects of zarr 3 can be changed") from None
        layout = await asyncio.to_thread(Layout.read, content.data, self.path)
        return OpenObject(self, layout, content.e_tag)


class OpenObject:
    """An object that was read, to be changed and written."""

    def __init__(self, place: Place, layout: Layout, e_tag: str | None) -> None:
        self._place = place
        self._e_tag = e_tag
        self.layout = layout
        self.folder = place.folder

    def element(self, name: str) -> dict[str, Any]:
        """Attributes of an element.

        Raises:
            NotFound: there is none of that name; the text tells some that there are.
        """
        elements = self.layout.elements
        if name not in elements:
            some = ", ".join(list(elements)[:20]) or "none"
            raise NotFound(f"the object {self._place.path} has no element {name[:200]!r}; there are: {some}")
        return elements[name]

    async def write(self, *, keep_date: bool = False) -> None:
        """Let readers see the object as it is now, with the day of the change unless the change itself tells one.

        Raises:
            Conflict: somebody else changed it meanwhile (retryable).
        """
        if not keep_date:
            self.layout.attributes["last_update_date"] = self._place.today().isoformat()
        await self.folder.replace(TRUTH, await asyncio.to_thread(self.layout.encoded), self._e_tag)

    async def write_nodes(self, names: Iterable[str]) -> None:
        """Write what the elements have of their own."""
        await self.folder.put_all(await asyncio.to_thread(self.layout.files, names))

    def edited(self, changed: Iterable[str]) -> EditedObject:
        """The answer: the object as it is now, and what was changed."""
        return edited(self._place, self.layout, changed)


def edited(place: Place, layout: Layout, changed: Iterable[str]) -> EditedObject:
    """The answer to a change."""
    return EditedObject(path=place.path, meta=layout.metadata, changed=list(dict.fromkeys(changed)))
