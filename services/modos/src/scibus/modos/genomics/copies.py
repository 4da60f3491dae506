"""Records as a file in the format of the one that they come from. Everything here blocks."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pysam

from scibus.contracts.problems import BackendUnavailable
from scibus.modos.genomics.reading import Selection, opened, selected

COPY_SIZE = 256 * 1024
# Bases as they are: with a reference, htslib would write the path it has here into the header.
CRAM_OPTIONS: Any = [b"version=3.0", b"no_ref=1"]


def write_copy(selection: Selection, source: int, target: int, folder: Path | None) -> int:
    """Write the records that come through `source` to `target`, and return how many they were.

    htslib writes into a file without a name, which vanishes whatever happens: it holds Python's lock while it closes
    a file, so that a pipe which is full then would never be read.
    """
    count = 0
    with opened(selection, source) as file, _nameless(folder) as copy:
        with _told_as_problems():
            written = _created(selection, file, copy.fileno())
        try:
            for record in selected(selection, file):
                with _told_as_problems():
                    written.write(record)
                count += 1
        except BaseException:
            with suppress(OSError, TypeError):
                written.close()
            raise
        with _told_as_problems():
            written.close()
        copy.seek(0)
        while piece := copy.read(COPY_SIZE):
            _write(target, piece)
    return count


@contextmanager
def _told_as_problems() -> Iterator[None]:
    """What pysam says while it writes; of a file without a name, it fails to say it."""
    try:
        yield
    except (OSError, TypeError) as error:
        raise BackendUnavailable("the records cannot be written: is the folder for temporary files full?") from error


def _nameless(folder: Path | None) -> Any:
    with _told_as_problems():
        return tempfile.TemporaryFile(dir=folder)


def _created(selection: Selection, file: Any, descriptor: int) -> Any:
    path = f"/dev/fd/{descriptor}"
    if selection.format == "BAM":
        return pysam.AlignmentFile(path, "wb", header=file.header)
    if selection.format == "CRAM":
        return pysam.AlignmentFile(path, "wc", header=file.header, format_options=CRAM_OPTIONS)
    if selection.format == "BCF":
        return pysam.VariantFile(path, "wb", header=file.header)
    return _Lines(path, file)


class _Lines:
    """A VCF file, line by line: its header need not name every sequence, as pysam's writer would have it."""

    def __init__(self, path: str, source: Any) -> None:
        is_plain = source.compression == "NONE"
        self._file: Any = Path(path).open("wb") if is_plain else pysam.BGZFile(path, "wb", None)  # noqa: SIM115
        self._file.write(str(source.header).encode())

    def write(self, record: Any) -> None:
        self._file.write(str(record).encode())

    def close(self) -> None:
        self._file.close()


def _write(target: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(target, rest) :]
