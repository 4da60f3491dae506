"""Objects of MODOS, and slices of their files, whatever happens to the worker, the object store and the block hosts."""

import asyncio
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from obstore.exceptions import PreconditionError

from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Problem
from scibus.sandbox.modos import ModosStandIn
from scibus.sandbox.standin import Fault
from tests.chaos.field import field
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, judge
from tests.modos.ground import BUCKET, Ground, modos_ground
from tests.modos.midway import Everything
from tests.processes import WorkerProcess
from tests.s3 import S3Server

SLICING = 128 * 1024 * 1024
"""Bytes that a worker may take while it slices, whatever the size."""
MORE = 48 * 1024 * 1024
"""Bytes that it may take for many records beyond those that it takes for few."""
PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@asynccontextmanager
async def objects() -> AsyncIterator[Ground]:
    """A bus, and a stand-in with its objects on an S3 server of their own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scibus-chaos-")))
        server = S3Server()
        await asyncio.to_thread(server.__enter__)
        stack.push_async_callback(asyncio.to_thread, server.__exit__)
        ground = await stack.enter_async_context(modos_ground(folder, server))
        ground.stand_in.configure({"block_size": 50_000})
        yield ground


@promise("workers killed in the middle of slices, transfers and changes of objects: each whole, made once", short=False)
async def killed(verdict: Verdict, whole: bool) -> None:
    """One job of each operation a round, over a store that takes its time, and two workers that die at some moment.

    `tests/modos/test_faults.py` has the moments that count.
    """
    rounds = 6 if whole else 2
    async with objects() as ground:
        await ground.worker()
        smooth = await _everything(ground, "smooth")
        expected = await smooth.made(60)
        for number in range(rounds):
            ground.way.seconds = random.uniform(0.01, 0.08)
            ground.stand_in.faults.inject(Fault(operation="block", times=None, delay=random.uniform(0.05, 0.4)))
            one = await _everything(ground, f"round-{number}")
            for _ in range(2):
                await asyncio.sleep(random.uniform(0.2, 2.5))
                await ground.kill_all()
                verdict.faults += 1
                await ground.worker()
            ground.way.seconds = 0.0
            ground.stand_in.faults.clear()
            await _judge_everything(verdict, ground, one, expected)


async def _everything(ground: Ground, prefix: str) -> Everything:
    everything = Everything(ground, prefix)
    await everything.prepare()
    await everything.submit()
    return everything


async def _judge_everything(verdict: Verdict, ground: Ground, one: Everything, expected: dict[str, object]) -> None:
    try:
        made = await one.made(90)
    except (Problem, TimeoutError) as problem:
        verdict.wrong.append(f"{one.prefix}: {problem}")
        made = {}
    different = [name for name in expected if made and made[name] != expected[name]]
    verdict.expect(not different, f"{one.prefix}: not what comes where nobody dies: {', '.join(different)}")
    for name, job in one.jobs.items():
        await judge(verdict, ground.bus.connection, [job.job_id], Counter(), name, "modos")


@promise(
    "the object store away in the middle of downloads and uploads: resumed, or tried again: identical", short=False
)
async def store_away(verdict: Verdict, whole: bool) -> None:
    """Several times, at some moment; the last time for longer than anybody waits."""
    pauses = (1.0, 4.0, 30.0) if whole else (3.0,)
    async with objects() as ground:
        await ground.worker()
        expected = await (await _everything(ground, "smooth")).made(60)
        for pause in pauses:
            ground.way.rate = 2_000_000
            one = await _everything(ground, f"away-{pause:.0f}")
            await asyncio.sleep(random.uniform(1.0, 2.5))
            ground.way.away = True
            verdict.faults += 1
            await asyncio.sleep(pause)
            ground.way.away, ground.way.rate = False, 0
            await _judge_everything(verdict, ground, one, expected)
            states = [await job.status() for job in one.jobs.values()]
            verdict.figures["attempts"] = str(max(state.attempt for state in states))


@promise(
    "an object changed by 40 jobs on two workers that die, and by an outsider: nothing lost, nothing twice", short=False
)
async def crowded(verdict: Verdict, whole: bool) -> None:
    """Each job adds an element; the outsider changes the description, each time on top of what is there."""
    jobs, kills, changes = (40, 3, 8) if whole else (20, 1, 3)
    path, assay = f"s3://{BUCKET}/crowded", {"type": "Assay", "attributes": {"omics_type": "GENOMICS"}}
    async with objects() as ground:
        await asyncio.gather(ground.worker(), ground.worker())
        modos = ground.bus.modos
        await (await modos.create.submit(path=path, attributes={"description": "0"})).result(timeout=30)
        ids = [f"a{number}" for number in range(jobs)]
        adding = [await modos.add.submit_as(name, modo=path, elements=[assay | {"id": name}]) for name in ids]
        outside = asyncio.create_task(_change_from_outside(ground, changes, verdict))
        for _ in range(kills):
            await asyncio.sleep(random.uniform(0.3, 1.5))
            random.choice([worker for worker in ground.workers if worker.process.returncode is None]).kill()
            verdict.faults += 1
            await ground.worker()
        ends = await asyncio.gather(*(job.result(timeout=150) for job in adding), return_exceptions=True)
        await outside
        verdict.wrong += [f"a job failed: {end}" for end in ends if isinstance(end, BaseException)]
        await judge(verdict, ground.bus.connection, ids, Counter(), "add", "modos")
        [read] = (await modos.metadata(modo=path)).data
        linked = Counter(read.meta["crowded"]["has_assay"])
        wanted = {f"assay/{name}" for name in ids}
        verdict.lost += len(wanted - set(linked)) + len(wanted - set(read.meta))
        verdict.doubled += sum(number - 1 for number in linked.values())
        said = read.meta["crowded"]["description"]
        verdict.expect(said == str(changes), f"the outsider has made {changes} changes, of which {said} are there")


async def _change_from_outside(ground: Ground, changes: int, verdict: Verdict) -> None:
    """As another program does that looks before it writes."""
    key, store = "crowded/data.zarr/zarr.json", ground.stand_in.buckets.place.open(BUCKET)
    for _ in range(changes):
        while True:
            found = await store.get_async(key)
            root = json.loads(bytes(await found.bytes_async()))
            own: dict[str, Any] = root["attributes"]
            own["description"] = str(int(own["description"]) + 1)
            try:
                await store.put_async(key, json.dumps(root).encode(), mode={"e_tag": found.meta["e_tag"]})
            except PreconditionError:
                await asyncio.sleep(0.02)
                continue
            break
        verdict.faults += 1
        await asyncio.sleep(random.uniform(0.3, 1.0))


@promise(
    "block hosts that close, cut, lie and expire at random: identical slices, or a problem and nothing", short=False
)
async def hosts_fail(verdict: Verdict, whole: bool) -> None:
    """Many slices, each fault at some block; the tickets come with a checksum."""
    slices = 30 if whole else 10
    bam = {"modo": f"s3://{BUCKET}/ex", "file": "demo1.bam"}
    async with objects() as ground:
        await ground.worker()
        modos, stand_in = ground.bus.modos, ground.stand_in
        expected = await ground.content((await (await modos.stream.submit(**bam)).result(timeout=30)).blob)
        ends: Counter[str] = Counter()
        for number in range(slices):
            stand_in.configure({"md5": "right", "block_seconds": random.choice((0.2, 3600))})
            for _ in range(random.randrange(1, 5)):
                stand_in.faults.inject(_some_fault())
                verdict.faults += 1
            job_id = f"slice-{number}"
            job = await modos.stream.submit_as(job_id, **bam)
            try:
                found = await job.result(timeout=60)
            except (BackendUnavailable, BadBackendAnswer) as problem:
                ends[type(problem).__name__] += 1
                verdict.expect(not await ground.blobs_of(job_id), f"{job_id} has failed, and left a blob")
            else:
                ends["whole"] += 1
                verdict.expect(await ground.content(found.blob) == expected, f"{job_id} is another slice")
            stand_in.faults.clear()
            await judge(verdict, ground.bus.connection, [job_id], Counter(), "stream", "modos")
        verdict.figures |= {name: str(count) for name, count in ends.items()}


def _some_fault() -> Fault:
    skip = random.randrange(12)
    return random.choice(
        [
            Fault(operation="block", skip=skip, times=2, close="before"),
            Fault(operation="block", skip=skip, times=2, cut_after=random.randrange(50_000)),
            Fault(operation="block", skip=skip, times=2, status=random.choice((404, 403, 500, 503)), body="<Error/>"),
            Fault(operation="block", skip=skip, times=1, flip=random.randrange(40_000)),
            Fault(operation="block", skip=skip, times=2, delay=0.3),
            Fault(operation="ticket", times=1, status=503),
        ]
    )


@promise("a slice of 200 MB in 128 MiB of memory; its records in no more than those of a small region", short=False)
async def memory(verdict: Verdict, whole: bool) -> None:
    """The most that the worker ever had, as the kernel tells it; libraries for records are the larger part of it."""
    megabytes = 200 if whole else 30
    async with field() as ground, ModosStandIn() as stand_in:
        reads = await stand_in.collection.grow_bam(megabytes)
        worker = await ground.worker(service="modos", **stand_in.addresses()["settings"])
        modos, bam = ground.bus.modos, {"modo": "s3://modos-demo/ex", "file": "large.bam"}
        stream = await (await modos.stream.submit_as("stream", **bam)).result(timeout=180)
        peak = _peak(worker)
        verdict.expect(stream.blob.size >= megabytes * 1_000_000, f"the slice has {stream.blob.size} bytes only")
        verdict.expect(peak < SLICING, f"the worker had {peak >> 20} MiB while it sliced")
        verdict.figures["MiB for the slice"] = f"{peak >> 20}"
        small = await (await modos.records.submit_as("small", **bam, regions=["chr1:1-1000"])).result(timeout=60)
        before = _peak(worker)
        records = await (await modos.records.submit_as("records", **bam)).result(timeout=180)
        verdict.expect(0 < small.count < records.count == reads, f"{records.count} of {reads} records came")
        peak = _peak(worker)
        verdict.expect(peak - before < MORE, f"the worker had {(peak - before) >> 20} MiB more for all records")
        verdict.figures |= {"MiB for records": f"{peak >> 20}", "MiB more than for few": f"{(peak - before) >> 20}"}
        verdict.faults += 1
        await judge(verdict, ground.connection, ["stream"], Counter(), "stream", "modos")
        await judge(verdict, ground.connection, ["small", "records"], Counter(), "records", "modos")


def _peak(worker: WorkerProcess) -> int:
    found = PEAK.search(Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024
