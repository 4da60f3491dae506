"""The sequences that the header of a genome file names; of the file, no more is read than that takes."""

import os
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any, NamedTuple

from scibus.modos.genomics.fed import Fed
from scibus.modos.genomics.reading import Selection, header_of
from scibus.modos.genomics.references import sequences_of

MOST_BYTES = 64 * 1024 * 1024
"""Of a file, in which its header must have ended."""
MD5 = re.compile(r"[0-9a-fA-F]{32}")
WEB = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s]")


class HeaderSequence(NamedTuple):
    """What a header says of one sequence.

    Attributes:
        md5: of its letters in upper case, as refget has it.
        uri: where it can be had; a file of the machine on which the header was written is none.
    """

    name: str
    md5: str | None = None
    uri: str | None = None
    description: str | None = None


async def header_sequences(content: AsyncGenerator[bytes, None], selection: Selection) -> list[HeaderSequence]:
    """The sequences of a BAM, CRAM, VCF or BCF file, in the order of its header.

    Args:
        content: of the file, which is closed when the header has come.
        selection: the file's format and name.

    Raises:
        BadBackendAnswer: the header is broken, cut, or has no end.
        Problem: whatever the source raises.
    """
    async with Fed(partial(_read, selection), "header", _begin_of(content), to_end=False) as thread:
        return await thread.result()


async def _begin_of(content: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    left = MOST_BYTES
    async with aclosing(content):
        async for piece in content:
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return


def _read(selection: Selection, source: int) -> list[HeaderSequence]:
    try:
        with header_of(selection, source) as file:
            return list(_of_alignments(file) if selection.has_alignments else _of_variants(file))
    finally:
        os.close(source)


def _of_alignments(file: Any) -> Iterator[HeaderSequence]:
    for line in sequences_of(file):
        yield _sequence(line["SN"], line.get("M5"), line.get("UR"), line.get("DS"))


def _of_variants(file: Any) -> Iterator[HeaderSequence]:
    for record in file.header.records:
        if record.key == "contig":
            said = {name: value.strip('"') for name, value in record.items()}
            yield _sequence(said["ID"], said.get("md5") or said.get("M5"), said.get("URL"), said.get("Description"))


def _sequence(name: str, md5: str | None, uri: str | None, description: str | None) -> HeaderSequence:
    return HeaderSequence(
        name,
        md5.lower() if md5 and MD5.fullmatch(md5) else None,
        uri if uri and WEB.match(uri) else None,
        description or None,
    )
