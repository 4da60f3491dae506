"""Sequences put where refget-cloud looks for them.

It redirects to, or reads, `sequence/{id}` and `metadata/json/{id}.json`, whichever id was asked for. An empty object
that is to redirect answers with nothing, as its header is lost: so each id has the sequence itself, copied within the
store. The metadata under the MD5 are written last: where they are, all is.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO, Any

from obstore.store import ObjectStore

from scibus.contracts.modos import PublishedSequence, PublishedSequences, SequenceDigests
from scibus.contracts.problems import NotFound, TooLarge
from scibus.modos.editing.folder import SLOWEST, STEP_SECONDS, Folder
from scibus.modos.editing.refget.fasta import CutSequence, FastaCutter
from scibus.modos.store_faults import told_as_problems

PIECE = 1024 * 1024
MOST_SEQUENCES = 100_000
AT_ONCE = 32
"""Sequences that are cut before the first of them is stored."""
LETTERS = "text/vnd.ga4gh.refget.v1.0.0+plain; charset=us-ascii"
METADATA = "application/vnd.ga4gh.refget.v1.0.0+json; charset=us-ascii"

OnSequence = Callable[[PublishedSequence], Awaitable[None]]


class RefgetBucket:
    """The sequences of a refget server, in its bucket.

    Args:
        store: the bucket.
        prefix: of all keys; refget-cloud knows none.
    """

    def __init__(self, store: ObjectStore, prefix: str = "") -> None:
        self._store = store
        self._folder = Folder(store, prefix)

    async def put(self, sequence: CutSequence) -> bool:
        """Store a sequence under each of its digests, unless all of that is there; whether it was not.

        Raises:
            BackendUnavailable: the store does not take it (retryable).
            Forbidden: the keys do not allow it.
        """
        digests = sequence.digests
        if await self._is_whole(digests):
            return False
        first, *aliases = (_sequence_key(name) for name in _names(digests))
        await self._folder.put_stream(first, _pieces(sequence.letters), digests.length, LETTERS)
        for alias in aliases:
            await self._copy(first, alias, digests.length)
        metadata = json.dumps({"metadata": _metadata(digests)}).encode()
        for name in reversed(_names(digests)):
            await self._folder.put(_metadata_key(name), metadata, METADATA)
        return True

    async def _is_whole(self, digests: SequenceDigests) -> bool:
        """Other programs have left flat metadata and empty objects: those do not count."""
        try:
            said = json.loads((await self._folder.read(_metadata_key(digests.md5))).data)["metadata"]
        except (NotFound, ValueError, LookupError, TypeError):
            return False
        wanted = {name: value for name, value in _metadata(digests).items() if name != "aliases"}
        if not isinstance(said, dict) or any(said.get(name) != value for name, value in wanted.items()):
            return False
        sizes = [await self._folder.size(_sequence_key(name)) for name in _names(digests)]
        others = [await self._folder.size(_metadata_key(name)) for name in _names(digests)[1:]]
        return sizes == [digests.length] * len(sizes) and all(others)

    async def _copy(self, name: str, other: str, size: int) -> None:
        key = self._folder.key(other)
        with told_as_problems(key):
            async with asyncio.timeout(STEP_SECONDS + size / SLOWEST):
                await self._store.copy_async(self._folder.key(name), key, overwrite=True)


async def publish(
    bucket: RefgetBucket, fasta: AsyncIterator[bytes], *, on_sequence: OnSequence | None = None
) -> PublishedSequences:
    """Store all sequences of a FASTA file, plain or compressed by gzip or bgzip; those that are there are left.

    Args:
        bucket: where to.
        fasta: the file, in pieces of about a megabyte at most.
        on_sequence: is told each sequence that refget has.

    Raises:
        InvalidRequest: the file is no FASTA, cannot be unpacked, or has a sequence without a letter.
        TooLarge: it has more sequences than an answer can tell.
        BackendUnavailable: the store does not take them (retryable).
        Forbidden: the keys do not allow it.
    """
    told: list[PublishedSequence] = []
    seen: set[str] = set()
    with FastaCutter() as cutter:

        async def store_all(cut: Iterator[CutSequence]) -> None:
            while some := await asyncio.to_thread(_some, cut):
                with ExitStack() as files:
                    for sequence in some:
                        files.callback(sequence.letters.close)
                    for sequence in some:
                        if len(told) >= MOST_SEQUENCES:
                            raise TooLarge(f"the file has more than {MOST_SEQUENCES} sequences: publish parts of it")
                        if sequence.digests.md5 not in seen:
                            await bucket.put(sequence)
                            seen.add(sequence.digests.md5)
                        told.append(PublishedSequence(name=sequence.name, **sequence.digests._asdict()))
                        if on_sequence:
                            await on_sequence(told[-1])

        async for piece in fasta:
            await store_all(cutter.feed(piece))
        await store_all(cutter.end())
    return PublishedSequences(sequences=told)


def _some(cut: Iterator[CutSequence]) -> list[CutSequence]:
    """The next few sequences; none when there are no more. In case of a problem those before it are closed."""
    found: list[CutSequence] = []
    try:
        for sequence in islice(cut, AT_ONCE):
            found.append(sequence)  # noqa: PERF402 - those before a problem are known
    except BaseException:
        for sequence in found:
            sequence.letters.close()
        raise
    return found


async def _pieces(letters: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(letters.read, PIECE):
        yield piece


def _names(digests: SequenceDigests) -> tuple[str, str, str]:
    return digests.md5, digests.ga4gh, digests.trunc512


def _metadata(digests: SequenceDigests) -> dict[str, Any]:
    return {**digests._asdict(), "aliases": []}


def _sequence_key(name: str) -> str:
    return f"sequence/{name}"


def _metadata_key(name: str) -> str:
    return f"metadata/json/{name}.json"
