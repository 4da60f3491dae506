"""A file that has its name only when it is whole and on disk, and never takes one that is used."""

import errno
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from scibus.bus.blobs.below import entered
from scibus.contracts.problems import Conflict, Unsupported

NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV)


class Unfinished:
    """A file being written in the folder `place` below `root`. All of it blocks: in a thread, one call at a time."""

    def __init__(self, root: Path, place: str) -> None:
        self._root = root
        self._place = (place,)
        self._name = uuid.uuid4().hex
        self._file: BinaryIO | None = None
        self._kept: Sequence[str] = ()

    def write(self, content: bytes) -> None:
        """Append `content`; raises OSError."""
        self._begun().write(content)

    def keep(self, path: Sequence[str]) -> None:
        """Give the file its name, the folders and file `path` below the root.

        Raises:
            Conflict: the name is used already.
            Unsupported: the file system has no hard links, the only way to take a name that is free and no other.
            OSError: the file or its name cannot be written.
        """
        file = self._begun()
        file.flush()
        os.fsync(file.fileno())
        with entered(self._root, self._place) as here, entered(self._root, path[:-1], create=True) as there:
            try:
                os.link(self._name, path[-1], src_dir_fd=here, dst_dir_fd=there)
            except FileExistsError:
                raise Conflict(f"the name {'/'.join(path[1:])} is used: a blob's name is never used twice") from None
            except OSError as error:
                if error.errno in NO_LINKS:
                    raise Unsupported("the folder of the blobs is on a file system without hard links") from error
                raise
            self._kept = path
            os.fsync(there)

    def withdraw(self) -> None:
        """Take the name away again, if the file has got it; raises OSError."""
        if self._kept:
            with entered(self._root, self._kept[:-1]) as there:
                os.unlink(self._kept[-1], dir_fd=there)
            self._kept = ()

    def close(self) -> None:
        """Leave nothing but the kept file; raises OSError."""
        if self._file is not None:
            try:
                self._file.close()
            finally:
                self._file = None
                with entered(self._root, self._place) as here:
                    os.unlink(self._name, dir_fd=here)

    def _begun(self) -> BinaryIO:
        if self._file is None:
            with entered(self._root, self._place, create=True) as here:
                descriptor = os.open(self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=here)
            self._file = os.fdopen(descriptor, "wb")
        return self._file
