"""The sequences that the header of a genome file names; of the file, no more is read than that takes."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, NamedTuple

from scibus.contracts.problems import Problem
from scibus.modos.genomics.pipes import Inlet
from scibus.modos.genomics.reading import Selection, header_of
from scibus.modos.genomics.records import SETTLE_SECONDS
from scibus.modos.genomics.references import no_text, sequences_of
from scibus.modos.genomics.threads import in_thread

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
    inlet = Inlet()
    feeding = asyncio.create_task(inlet.feed(b"", _begin_of(content, inlet)))
    work = in_thread(lambda: _read(selection, inlet.thread_end), "header")
    try:
        return await work
    except Problem:
        if inlet.is_closed:
            # What the thread read was cut because the source failed, which tells more.
            await feeding
        raise
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        inlet.close()
        await asyncio.wait({work}, timeout=SETTLE_SECONDS)


async def _begin_of(content: AsyncGenerator[bytes, None], inlet: Inlet) -> AsyncGenerator[bytes, None]:
    left = MOST_BYTES
    async with aclosing(content):
        async for piece in content:
            yield piece[:left]
            left -= len(piece)
            if left <= 0 or not inlet.is_read:
                return


def _read(selection: Selection, source: int) -> list[HeaderSequence]:
    try:
        with header_of(selection, source) as file:
            return list(_of_alignments(file, selection.name) if selection.has_alignments else _of_variants(file))
    except UnicodeDecodeError as error:
        raise no_text(selection.name) from error
    finally:
        os.close(source)


def _of_alignments(file: Any, name: str) -> Iterator[HeaderSequence]:
    for line in sequences_of(file, name):
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
