"""Files below a folder, reached step by step without following any link: a name from elsewhere leads nowhere else."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, InvalidRequest, NotFound

LONGEST_PART = 255
"""Bytes that a file system takes for one part of a name."""


def parts_of(name: str) -> tuple[str, ...]:
    """The folders in `name`, and the file.

    Raises:
        InvalidRequest: it cannot be the name of a file below a folder.
    """
    parts = tuple(name.split("/"))
    for part in parts:
        if part in ("", ".", "..") or "\0" in part or len(part.encode(errors="replace")) > LONGEST_PART:
            raise InvalidRequest(f"{name[:200]!r} cannot be the name of a file: it has the part {part[:50]!r}")
    return parts


@contextmanager
def entered(root: Path, folders: Sequence[str], *, create: bool = False) -> Iterator[int]:
    """The descriptor of the folder `folders` below `root`."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(folder, dir_fd=descriptor)
            deeper = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        yield descriptor
    finally:
        os.close(descriptor)


def opened(root: Path, parts: Sequence[str]) -> BinaryIO:
    """The file `parts` below `root`, to be read and closed."""
    with entered(root, parts[:-1]) as folder:
        # Not to wait for somebody at the other end of a pipe.
        descriptor = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ELOOP, "is no file")
    return os.fdopen(descriptor, "rb", buffering=0)


@contextmanager
def told_as_problems(name: str, *, writing: bool = False) -> Iterator[None]:
    """What the file system says of the blob `name`, as problems.

    Raises:
        NotFound: there is no such file to be read.
        BadBackendAnswer: the name leads over a link, or over something that is neither a folder nor a file.
        BackendUnavailable: the folder cannot be read or written (retryable).
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOENT and not writing:
            raise NotFound(f"there is no blob {name!r} in the folder: old ones are removed") from error
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR):
            raise BadBackendAnswer(f"the blob {name!r} is no file below the folder") from error
        raise BackendUnavailable(f"the folder of the blobs cannot be used: {error.strerror or error!r}") from error
