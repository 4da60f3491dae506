"""Reference sequences that data files name in their headers, as elements of the object."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scibus.contracts.modos import EnrichedObject, EnrichOrder
from scibus.contracts.modos.edits import MOST_ELEMENTS
from scibus.contracts.problems import BadBackendAnswer, NotFound
from scibus.modos.editing.files import ENCRYPTED, own_file
from scibus.modos.editing.layout import Layout
from scibus.modos.editing.links import holders, link, linked
from scibus.modos.editing.place import Place
from scibus.modos.editing.removing import Note
from scibus.modos.editing.sequences import GROUP, Sequences

if TYPE_CHECKING:
    from scibus.modos.genomics.headers import HeaderSequence

ReadHeader = Callable[[str, str], "Awaitable[list[HeaderSequence] | None]"]
"""The sequences that a file of the object names, given its name and what its element calls its format; None: such
files name none."""


async def enrich(
    place: Place, order: EnrichOrder, read: ReadHeader, *, note: Note | None = None, noted: list[str] | None = None
) -> EnrichedObject:
    """Add the sequences that the headers of data name, or what is not said yet of those that are there.

    Nothing that is said already is replaced. A reference genome that is the only one of such data links to them.

    Args:
        place: of the object.
        order: which data.
        read: reads headers.
        note: is told, before anything is changed, what will be.
        noted: what an earlier attempt was told.

    Raises:
        Conflict: somebody else changed the object meanwhile (retryable).
        NotFound: there is no such object or element.
        BackendUnavailable: a file cannot be read now (retryable).
    """
    thing = await place.read()
    layout, skipped = thing.layout, dict[str, str]()
    names = order.elements or [name for name in layout.elements if name.startswith("data/")]
    found: dict[str, list[HeaderSequence]] = {}
    for name in names:
        try:
            found[name] = await _sequences(thing.element(name), read)
        except _Silent as silence:
            skipped[name] = str(silence)
    before = set(layout.elements)
    now = await asyncio.to_thread(_enriched, layout, found)
    changed = list(dict.fromkeys([*(noted or ()), *now]))
    if now:
        if note:
            await note(changed)
        new = [name for name in now if name not in before]
        await thing.write_nodes([GROUP, *new] if new else [])
        await thing.write()
    await thing.write_nodes(name for name in changed if name in before)
    return EnrichedObject(**dict(thing.edited(changed)), skipped=skipped)


class _Silent(Exception):
    """Why an element's file tells nothing."""


async def _sequences(attributes: Mapping[str, Any], read: ReadHeader) -> "list[HeaderSequence]":
    file = own_file(attributes)
    if file is None:
        raise _Silent("it has no file in the object")
    if file.endswith(ENCRYPTED):
        raise _Silent(f"{file} is encrypted")
    try:
        found = await read(file, str(attributes.get("data_format", "")))
    except (NotFound, BadBackendAnswer) as problem:
        raise _Silent(problem.details.detail) from None
    if found is None:
        raise _Silent(f"{file} is not BAM, CRAM, VCF or BCF")
    if not found:
        raise _Silent(f"the header of {file} names no sequence")
    if len(found) > MOST_ELEMENTS:
        raise _Silent(f"the header of {file} names more than {MOST_ELEMENTS} sequences")
    return found


def _enriched(layout: Layout, found: "Mapping[str, Iterable[HeaderSequence]]") -> list[str]:
    """Let the object say what the headers of the data say: which elements are other ones by that."""
    sequences = Sequences(layout)
    elements = layout.elements
    told = dict.fromkeys(sequence for named in found.values() for sequence in named)
    by_md5_first = sorted(told, key=lambda sequence: sequence.md5 is None)
    paths_of = {sequence: sequences.element(sequence) for sequence in by_md5_first}
    linking = []
    for data, named in found.items():
        paths = [paths_of[sequence] for sequence in named]
        references = linked(elements[data].get("has_reference"), "reference")
        genomes = holders(references, elements, GROUP)
        if len(references) == len(genomes) == 1 and link(elements[genomes[0]], GROUP, paths):
            linking.append(genomes[0])
    return [*sequences.changed, *linking]
