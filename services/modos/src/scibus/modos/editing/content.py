"""Content of new files: stored below the object, and its checksum reckoned on the way."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import Conflict, InvalidRequest
from scibus.modos.editing.elements import NewFile, Prepared
from scibus.modos.editing.folder import Folder
from scibus.modos.editing.schema import CLASSES

ReadBlob = Callable[[BlobRef], AsyncIterator[bytes]]
"""Gives the content of a blob, and fails where it is not what the reference says."""


async def store_files(folder: Folder, element: Prepared, read: ReadBlob | None) -> None:
    """Store what the element brings along: its index first. The attributes get the checksum of the file.

    Raises:
        InvalidRequest: the order names another checksum, or there is no way to read content.
        Conflict: there is a file of that name, of another content, that no element names.
    """
    for new in filter(None, (element.index_file, element.file)):
        if read is None:
            raise InvalidRequest("content of files cannot be read here: store it first, and leave out `source`")
        await _check_is_free(folder, new)
        checksum = _Checksum(element.attributes) if new is element.file else None
        content = read(new.source)
        await folder.put_stream(new.name, checksum.reckoned(content) if checksum else content, new.source.size)


async def _check_is_free(folder: Folder, new: NewFile) -> None:
    """A file of the same content is what an earlier attempt has left, or as good; any other is somebody's."""
    size = await folder.size(new.name)
    if size is None or (size == new.source.size and await folder.sha256(new.name) == new.source.sha256):
        return
    raise Conflict(
        f"there is a file {folder.key(new.name)} already, of {size} bytes and another content: choose another "
        "data_path, or leave out `source` to have that one"
    )


class _Checksum:
    """BLAKE2b of a file, as the attribute `data_checksum` of data has it."""

    def __init__(self, attributes: dict[str, Any]) -> None:
        self._attributes = attributes
        self._hash = hashlib.blake2b()

    async def reckoned(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same content. Ends with a problem, so that nothing is stored, where the order says another checksum."""
        async for piece in content:
            await asyncio.to_thread(self._hash.update, piece)
            yield piece
        if "data_checksum" not in CLASSES[self._attributes["@type"]].slots:
            return
        found = self._hash.hexdigest()
        if self._attributes.setdefault("data_checksum", found).lower() != found:
            raise InvalidRequest("data_checksum is not the BLAKE2b checksum of the content: leave it out, or mend it")
