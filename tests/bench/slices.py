"""A region of a BAM of 200 MB, and all of it, from htsget to a file: over the bus, and by the published client.

Over the bus the clock runs from the job's submission until the blob is a file, checked, at the client; of the whole
file it is also told how soon the slice was in the bus. Beside it pysam on the local file, and bare httpx: neither can
come faster than the stand-in, which takes half a second for the whole file. Then exactly the reads of a region as a
table of Arrow. Memory is the worker's resident memory at most.
"""

import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.deployment import BUCKET, PATIENCE, Side, side, stand_in
from tests.bench.memory import Peak
from tests.bench.rivals_running import ended, module, script
from tests.bench.tables import Table

MEGABYTES = 200
REGION = ("chr1", 20_000_000, 40_000_000)
FEW_READS = ("chr1", 20_000_000, 28_000_000)
CASES = {"region": REGION, "whole": ()}
PUBLISHED = "htsget 0.2.6"
MOST_ROUNDS = 3
"""All of the file takes long enough to be measured with few."""
OBJECT, FILE = f"s3://{BUCKET}/ex", "large.bam"


@dataclass(frozen=True)
class Look:
    """One measurement: seconds, of them until all was in the bus, and the worker's memory in MiB."""

    took: float
    stored: float | None = None
    memory: float | None = None


class OverTheBus:
    """Slices and records by a worker; `found` is what came last."""

    def __init__(self, at: Side, target: Path) -> None:
        self._side = at
        self._target = target
        self.found = None

    async def slice(self, region):
        return await self._job(self._side.bus.modos.stream, region)

    async def table(self, region):
        return await self._job(self._side.bus.modos.records, region)

    async def _job(self, operation, region):
        peak, began = Peak(self._side.worker.pid), time.perf_counter()
        job = await operation.submit(modo=OBJECT, file=FILE, regions=_text(region))
        self.found = await job.result()
        stored = time.perf_counter() - began
        await self._side.bus.blobs.download(self.found.blob, self._target)
        took = time.perf_counter() - began
        self._target.unlink()
        await self._side.forget(self.found.blob)
        return Look(took, stored, peak.mib())


class Alone:
    """A rival that is started, measures itself, and ends."""

    def __init__(self, command) -> None:
        self._command = command

    async def slice(self, region):
        return Look(float(await ended(self._command(region))))


def _text(region):
    return [f"{region[0]}:{region[1]}-{region[2]}"] if region else []


def _words(region):
    return list(map(str, region))


def _query(region):
    where = f"&referenceName={region[0]}&start={region[1]}&end={region[2]}" if region else ""
    return f"?format=BAM{where}"


async def measured(rounds):
    """Two tables."""
    rounds = min(rounds, MOST_ROUNDS)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = await stand_in(stack, folder)
        await source.control.act("grow_bam", megabytes=MEGABYTES, patience=PATIENCE)
        ticket, local = f"{source.url}htsget/reads/ex/large", str(source.folder / BUCKET / "ex" / FILE)
        ours = OverTheBus(await side(stack, folder, source.settings), folder / "ours")
        in_files = OverTheBus(await side(stack, folder, source.settings, in_files=True), folder / "ours")
        sides = {
            "scibus": ours,
            "scibus, blobs in a folder": in_files,
            PUBLISHED: Alone(lambda region: script("htsget_slice", ticket, str(folder / "theirs"), *_words(region))),
            "httpx, 4 blocks at once, thrown away": Alone(
                lambda region: [*module("plain_blocks"), ticket + _query(region)]
            ),
            "pysam, local file": Alone(lambda region: [*module("local_reads"), "count", local, *_words(region)]),
        }
        slices = await _slices(sides, ours, rounds)
        records = await _records(ours, [*module("local_reads"), "table", local, *_words(FEW_READS)], rounds)
    return [slices, records]


async def _slices(sides, ours, rounds):
    looks = {(name, case): [] for name in sides for case in CASES}
    sizes = {}
    for _ in range(rounds):
        for case, region in CASES.items():
            for name, way in sides.items():
                looks[name, case].append(await way.slice(region))
            # All get the same bytes.
            sizes[case] = ours.found.blob.size / 1e6

    def rate(name, case):
        return sizes[case] / statistics.median(look.took for look in looks[name, case])

    rows = []
    for name in sides:
        row = [name]
        for case in CASES:
            row += [rate(name, case), rate(name, case) / rate(PUBLISHED, case)]
        stored = memory = None
        if looks[name, "whole"][0].stored:
            stored = sizes["whole"] / statistics.median(look.stored for look in looks[name, "whole"])
            memory = max(look.memory for case in CASES for look in looks[name, case])
        rows.append([*row, stored, memory])
    part = f"of {PUBLISHED}"
    columns = ["", "region, MB/s", part, "whole file, MB/s", part, "whole file into the bus, MB/s", "memory, MiB"]
    title = f"A slice of a BAM of {MEGABYTES} MB: a region of {sizes['region']:.0f} MB, and all ({rounds} rounds)"
    return Table(title, columns, rows)


async def _records(ours, command, rounds):
    looks, alone = [], []
    for _ in range(rounds):
        looks.append(await ours.table(FEW_READS))
        alone.append(float(await ended(command)))
    count = ours.found.count
    rows = [
        ["scibus", count / statistics.median(look.took for look in looks), max(look.memory for look in looks)],
        ["pysam and pyarrow, local file", count / statistics.median(alone), None],
    ]
    return Table(f"{count:,} reads of a region as Arrow ({rounds} rounds)", ["", "reads/s", "memory, MiB"], rows)
