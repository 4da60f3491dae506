"""Three servers with three replicas of each stream: one of them is killed, or cut off."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from scibus.bus.stored import api
from scibus.client import connect
from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BackendUnavailable, Problem
from tests.chaos.crowd import TIMEOUT, crowd
from tests.chaos.field import ACK_WAIT, Field, waited
from tests.chaos.ledger import LedgerStandIn
from tests.chaos.nodes import BLOBS, Cluster, cluster
from tests.chaos.probe import Probe
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, disagreeing, judge

JOBS = "SCIBUS_JOBS_PROBE"
ORDERS = f"{JOBS}.order"
"""The consumer, whose leader gives the jobs out: it may be another node than the one that leads their stream."""
RESULTS = "SCIBUS_RESULTS"
STATUSES = "KV_scibus_jobs"
CUT_OFF_SECONDS = 14.0
"""Long enough for the others to choose another leader, and for clients to notice that they are cut off with it."""
SHORT_SECONDS = 8.0
"""For another leader only."""
DEAF_SECONDS = 30.0
PIECE = bytes(1024 * 1024)


@asynccontextmanager
async def cluster_field(workers: int) -> AsyncIterator[tuple[Field, Cluster]]:
    """A bus on three nodes, with workers that know all of them."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="scibus-chaos-"))
        nodes = await stack.enter_async_context(cluster(Probe, ACK_WAIT))
        ledger = await stack.enter_async_context(LedgerStandIn())
        bus = await stack.enter_async_context(connect(nodes.urls, name="chaos", timeout=TIMEOUT))
        ground = Field(Path(folder), next(iter(nodes.nodes.values())), ledger, bus)
        stack.push_async_callback(ground.clean)
        await ground.several(workers, url=nodes.urls, SCIBUS_TOPOLOGY="bind")
        yield ground, nodes


async def _whole(ground: Field, nodes: Cluster) -> bool:
    async def whole() -> bool:
        return await nodes.is_whole(ground.connection)

    return await waited(whole, 40)


async def _done(verdict: Verdict, ground: Field, ids: list[str]) -> None:
    """Count when all had time to become well again."""
    began = time.monotonic()
    await ground.ended(ids, 90)
    verdict.figures["s until all was done"] = f"{time.monotonic() - began:.1f}"
    late: list[str] = []
    if not await _all_work(ground, late):
        verdict.wrong.append(f"a worker is connected but deaf: {await _last_words(ground, late)}")
    verdict.figures["s until all workers work"] = f"{time.monotonic() - began:.1f}"
    ids = [*ids, *late]
    await ground.ended(ids, 30)
    await judge(verdict, ground.connection, ids, ground.ledger.created)
    verdict.wrong += await disagreeing(ground.connection, ids)


async def _all_work(ground: Field, late: list[str]) -> bool:
    """Submit `late` ones until each worker did one; it may take a while to notice that it was forgotten."""
    before = len(ground.ledger.notes)

    async def seen() -> bool:
        with suppress(Problem):
            job_id = f"late-{len(late)}"
            await ground.probe.order.submit_as(job_id, acts=1)
            late.append(job_id)
        return {note.pid for note in ground.ledger.notes[before:]} >= {worker.pid for worker in ground.alive}

    return await waited(seen, DEAF_SECONDS)


async def _last_words(ground: Field, late: list[str]) -> str:
    """Of those who did none of the `late` jobs, and what the server knows of who waits for jobs."""
    worked = {note.pid for job_id in late for note in ground.ledger.noted(job_id, "act")}
    told = [worker.log_text().splitlines()[-3:] for worker in ground.alive if worker.pid not in worked]
    consumer = await api(ground.connection, f"CONSUMER.INFO.{ORDERS}")
    return f"{told}, {consumer['num_waiting']} requests wait, {consumer['num_ack_pending']} jobs are given out"


async def _stored(ground: Field, number: int) -> BlobRef:
    async def content() -> AsyncIterator[bytes]:
        for _ in range(number):
            yield PIECE

    return await ground.bus.blobs.put("chaos/large", content(), media_type="application/octet-stream")


async def _is_whole(ground: Field, ref: BlobRef) -> bool:
    """Whether a blob is there, to its last byte, once somebody leads its stream again: reading checks that."""

    async def read() -> bool:
        with suppress(BackendUnavailable):
            return sum([len(chunk) async for chunk in ground.bus.blobs.read(ref)]) == ref.size
        return False

    return await waited(read, 40)


@promise("of three nodes the one that leads is killed under load: accepted jobs are done, once", short=False)
async def leader_killed(verdict: Verdict, whole: bool) -> None:
    """Leader of the jobs, the results, the blobs and the consumer, one after the other, each brought back soon."""
    async with cluster_field(2) as (ground, nodes):
        large = await _stored(ground, 16)
        async with crowd(ground, verdict, submitters=4) as one:
            for led in (JOBS, RESULTS, BLOBS, ORDERS) if whole else (ORDERS,):
                verdict.expect(await _whole(ground, nodes), "a node that is back does not catch up")
                await asyncio.sleep(1)
                node = nodes.nodes[await nodes.leader(ground.connection, led)]
                await node.kill()
                verdict.faults += 1
                verdict.expect(await _is_whole(ground, large), "a blob is not what it was")
                await asyncio.sleep(2)
                await node.start()
        await _done(verdict, ground, one.accepted)


@promise("of three nodes the one that leads is cut off under load: accepted jobs are done, once", short=False)
async def leader_cut_off(verdict: Verdict, whole: bool) -> None:
    """It is frozen, so that nobody is told; when it wakes it takes itself for the leader still."""
    async with cluster_field(2) as (ground, nodes):
        async with crowd(ground, verdict, submitters=4) as one:
            for led in (STATUSES, JOBS) if whole else (STATUSES,):
                verdict.expect(await _whole(ground, nodes), "a node that is back does not catch up")
                await asyncio.sleep(1)
                name = await nodes.leader(ground.connection, led)
                nodes.freeze(name)
                verdict.faults += 1
                try:
                    await asyncio.sleep(CUT_OFF_SECONDS if whole else SHORT_SECONDS)
                finally:
                    nodes.wake(name)
        await _done(verdict, ground, one.accepted)
