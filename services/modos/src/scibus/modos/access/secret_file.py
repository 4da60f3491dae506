"""Small files that nobody else may read."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

LARGEST = 256 * 1024
"""Bytes."""


def read_secret(path: Path) -> str | None:
    """What the file says, without white space around it; None where there is none. Blocks.

    Raises:
        OSError, UnicodeDecodeError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode().strip()
    except FileNotFoundError:
        return None


def write_secret(path: Path, text: str) -> None:
    """Replace the file in one step; its owner alone may read it. Blocks.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp's files are their owner's alone from the first moment on.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
