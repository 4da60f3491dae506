"""What 1,000 objects say of themselves: to a worker that has just started, and to one that has read them before.

Beside it the published server's way, done with obstore: it keeps nothing and reads one after the other, each with 19
requests. From a folder, and from an S3 server, moto, which counts them.
"""

import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from json import loads
from pathlib import Path

from tests.bench.deployment import BUCKET, PATIENCE, s3, side, stand_in
from tests.bench.rivals_running import ended, module
from tests.bench.tables import Table

OBJECTS = 1_000
SAMPLES = 3
"""Of them are there from the beginning."""
WARM = 20
COLD = 3
FEW = 50
"""Objects that are read the published way from the S3 server, as 1,000 would take minutes."""


async def measured(rounds):
    """One table."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = await stand_in(stack, folder)
        await source.control.act("add_object", count=OBJECTS - SAMPLES, patience=PATIENCE)
        bucket = source.folder / BUCKET
        server = await s3(stack, bucket)
        rows = [
            *await _ours("folder", folder, source.settings, min(rounds, COLD)),
            await _theirs("folder", bucket.as_uri(), OBJECTS),
            *await _ours("S3 (moto)", folder, server.settings, 1, server),
            await _theirs("S3 (moto)", f"{server.url}/{BUCKET}", FEW, server),
        ]
    return [Table(f"Metadata of {OBJECTS:,} objects", ["", "objects", "ms", "store requests"], rows)]


async def _ours(where, folder, settings, starts, server=None):
    """Of workers that have just started, and of the last of them again and again."""
    first = []
    for _ in range(starts):
        async with AsyncExitStack() as stack:
            at = await side(stack, folder, settings)
            if server:
                await server.requests()
            first.append(await _asked(at.bus))
            cold = await server.requests() if server else None
            again = [await _asked(at.bus) for _ in range(WARM)]
            warm = await server.requests() if server else None
    return [
        [f"scibus, {where}, first", OBJECTS, statistics.median(first), cold],
        [f"scibus, {where}, again", OBJECTS, statistics.median(again), warm],
    ]


async def _asked(bus):
    """Milliseconds."""
    began = time.perf_counter()
    found = await bus.modos.metadata()
    took = (time.perf_counter() - began) * 1000
    if len(found.data) != OBJECTS:
        raise RuntimeError(f"{len(found.data)} objects instead of {OBJECTS}")
    return took


async def _theirs(where, url, count, server=None):
    if server:
        await server.requests()
    told = loads(await ended([*module("plain_obstore"), "metadata", url, "", str(count)]))
    requests = await server.requests() if server else None
    return [f"the published server's way, {where}", count, told["seconds"] * 1000, requests]
