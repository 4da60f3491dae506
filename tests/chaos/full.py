"""Whatever can be full: the queue, the object store, the server's store, and its disk."""

import asyncio
import json
import resource
import time
from collections import Counter
from collections.abc import Sequence

from nats.aio.client import Client

from scibus.bus.stored import api
from scibus.contracts.jobs import JobRef
from scibus.contracts.problems import Overloaded, Problem
from tests.chaos.field import Field, field, waited
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, disagreeing, judge, results_of

MIB = 1024 * 1024
LARGE = 3 * MIB
"""More than a message holds."""
NO_EFFECTS: Counter[str] = Counter()


@promise(
    "queue at its limit: refused as overloaded, nothing accepted is dropped, results are stored, then room again",
    short=False,
)
async def queue(verdict: Verdict, whole: bool) -> None:
    """More customers than the queue has room for, and workers with too few slots."""
    async with field() as ground:
        await ground.several(2 if whole else 1, SCIBUS_QUEUE_BYTES=str(MIB), SCIBUS_CONCURRENCY="8")
        accepted: list[str] = []
        refused: list[Problem] = []
        until = time.monotonic() + (10 if whole else 2)
        unwilling = ground.probe.idle.options(wait_for_room=False)

        async def customer(name: str) -> None:
            number = 0
            while time.monotonic() < until:
                number += 1
                try:
                    job = await unwilling.submit_as(f"{name}-{number}", seconds=0.5, text="x" * 20_000)
                    accepted.append(job.ref.job_id)
                except Problem as problem:
                    refused.append(problem)
                    await asyncio.sleep(0.02)

        customers = [asyncio.create_task(customer(f"customer-{number}")) for number in range(4)]
        while len(refused) < 4 and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
        before = await _bytes(ground.connection, "SCIBUS_RESULTS")
        await asyncio.gather(*customers)
        stored = await _bytes(ground.connection, "SCIBUS_RESULTS") - before
        verdict.expect(stored > 0, "while the queue was full, no result was stored")
        patient = await ground.probe.idle.options(timeout=30).submit_as("patient", text="x" * 20_000)
        accepted.append(patient.ref.job_id)

        verdict.faults += len(refused)
        unclear = [one for one in refused if not (isinstance(one, Overloaded) and "queue of probe is full" in str(one))]
        verdict.expect(not unclear, f"{len(unclear)} refusals do not say what is full: {unclear[:1]}")
        verdict.expect(all(one.details.retryable for one in refused), "a refusal is for good")
        await ground.ended(accepted, 60, "idle")
        await judge(verdict, ground.connection, accepted, NO_EFFECTS, "idle")
        verdict.wrong += await disagreeing(ground.connection, accepted[:: max(len(accepted) // 20, 1)], "idle")


@promise("object store full: large answers get a clear problem, small ones go on, and with room the job is done")
async def object_store(verdict: Verdict, whole: bool) -> None:
    """Room comes before the attempts of one job have run out, and, in the whole form, after those of another."""
    async with field() as ground:
        await ground.worker()
        await _limit(ground.connection, "OBJ_scibus_blobs", MIB)
        ids = ["in-time", "small"]
        if whole:
            await ground.probe.large.submit_as("too-late", bytes=LARGE)
            await done_once(ground, verdict, "large", ["too-late"], 90)
            ids.append("again")
        await ground.probe.large.submit_as("in-time", bytes=LARGE)
        for _ in range(5 if whole else 2):
            try:
                await ground.probe.large(bytes=LARGE)
                verdict.wrong.append("a large answer found room in a full store")
            except Problem as problem:
                verdict.faults += 1
                is_clear = problem.details.slug == "backend-unavailable" and "maximum bytes exceeded" in str(problem)
                verdict.expect(is_clear and problem.details.retryable, f"this is not clear: {problem!r}")
        small = await ground.probe.large(bytes=1000)
        verdict.expect(len(small.text) == 1000, "a small answer did not come")
        await ground.probe.large.submit_as("small", bytes=1000)
        await done_once(ground, verdict, "large", ["small"], 2)
        await _limit(ground.connection, "OBJ_scibus_blobs", 100 * MIB)
        if whole:
            await ground.bus.replay(JobRef("probe", "large", "too-late"), "again")
        await ground.ended(ids, 60, "large")
        await judge(verdict, ground.connection, ids, NO_EFFECTS, "large")
        large = [job_id for job_id in ids if job_id != "small"]
        for job_id in large:
            answer = await ground.probe.large.job(job_id).result(timeout=10)
            verdict.expect(len(answer.text) == LARGE, f"{job_id} answers {len(answer.text)} bytes")
        left = await _bytes(ground.connection, "OBJ_scibus_blobs") - len(large) * LARGE
        verdict.expect(left < MIB / 2, f"{left} bytes of answers that did not fit were left")


@promise("server's store full: what was accepted is done, once, when there is room", short=False)
async def store(verdict: Verdict, whole: bool) -> None:
    """Somebody else's stream fills the server while jobs run, so that neither results nor statuses can be stored.

    A worker dies meanwhile with what it could not store, and another one begins.
    """
    async with field(max_store=64 * MIB) as ground:
        # What the queue may grow to is set aside from the store when it is made.
        await ground.several(2, SCIBUS_QUEUE_BYTES=str(MIB))
        ids, pace = [f"order-{number}" for number in range(200 if whole else 20)], 0.2 if whole else 0.1
        for number, job_id in enumerate(ids):
            await ground.probe.order.submit_as(job_id, seconds=0.2 + number % 10 * pace)
        await _ballast(ground.connection)
        try:
            await ground.probe.order.options(wait_for_room=False).submit_as("refused")
            verdict.wrong.append("a job was accepted by a full server")
        except Problem as problem:
            verdict.faults += 1
            verdict.expect(problem.details.retryable, f"a full server is said to be so for good: {problem}")
        await asyncio.sleep(5 if whole else 0.3)
        ground.alive[0].kill()
        await ground.worker()
        await asyncio.sleep(5 if whole else 0.3)
        echoed = await ground.probe.echo(text="still")
        verdict.expect(echoed.text == "still", "requests were not answered")
        await api(ground.connection, "STREAM.DELETE.BALLAST")
        await ground.ended(ids, 60)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids)


@promise(
    "server's disk full: what was accepted is done, once, when the server was started again with room", short=False
)
async def disk(verdict: Verdict, whole: bool) -> None:
    """Its writes fail, as on a full disk; such a server stores nothing more before it was started anew."""
    async with field() as ground:
        await ground.several(2)
        ids, pace = [f"order-{number}" for number in range(100 if whole else 20)], 0.2 if whole else 0.1
        for number, job_id in enumerate(ids):
            await ground.probe.order.submit_as(job_id, seconds=0.2 + number % 10 * pace)
        _limit_files(ground, 1)
        refused = 0
        for number in range(3 if whole else 1):
            try:
                await ground.probe.order.options(timeout=1).submit_as(f"refused-{number}")
                verdict.wrong.append("a job was accepted by a server with a full disk")
            except Problem as problem:
                refused += 1
                verdict.expect(problem.details.retryable, f"a full disk is said to be so for good: {problem}")
        verdict.faults += refused
        await asyncio.sleep(3 if whole else 0.5)
        ground.alive[0].kill()
        await ground.server.kill()
        await ground.server.start()
        await ground.ended(ids, 90)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids)


async def done_once(ground: Field, verdict: Verdict, operation: str, ids: Sequence[str], seconds: float) -> None:
    """Wait for the results of the jobs; that they come is promised."""

    async def there() -> bool:
        return set(ids) <= set(await results_of(ground.connection, operation))

    verdict.expect(await waited(there, seconds), f"{operation}: not all have a result after {seconds:g} s")


async def _limit(connection: Client, stream: str, size: int) -> None:
    config = (await api(connection, f"STREAM.INFO.{stream}"))["config"]
    await api(connection, f"STREAM.UPDATE.{stream}", {**config, "max_bytes": size})


async def _bytes(connection: Client, stream: str) -> int:
    return int((await api(connection, f"STREAM.INFO.{stream}"))["state"]["bytes"])


async def _ballast(connection: Client) -> None:
    """Fill the server beyond its limit, from where it takes nothing more."""
    await api(connection, "STREAM.CREATE.BALLAST", {"name": "BALLAST", "subjects": ["ballast"], "storage": "file"})
    while "error" not in json.loads((await connection.request("ballast", bytes(MIB // 2), timeout=5)).data):
        pass


def _limit_files(ground: Field, size: int) -> None:
    """Let the server write nothing beyond the first `size` bytes of any file."""
    resource.prlimit(ground.server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
