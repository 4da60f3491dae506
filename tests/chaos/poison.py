"""Jobs that harm whoever takes them."""

import asyncio
import time

from scibus.bus.stored import last_message
from scibus.contracts.problems import ProblemDetails
from tests.chaos.field import Field, field, waited
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, judge, result_of, status_of

BODIES = {
    "no-json": b"nonsense",
    "no-object": b"[1, 2]",
    "schema": b'{"seconds": "soon"}',
    "deep": b'{"seconds": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "not-utf8": b'{"seconds": "\xff"}',
    "empty": b"",
}
MEMORY = 512 * 1024 * 1024


@promise("bodies that are no requests: a failed result and a dead letter each, and the next job is done at once")
async def bodies(verdict: Verdict, whole: bool) -> None:
    """What cannot be read is not tried again."""
    async with field() as ground:
        await ground.worker()
        js = ground.connection.jetstream()
        rounds = 50 if whole else 3
        ids = [f"{name}-{number}" for number in range(rounds) for name in BODIES]
        for job_id in ids:
            await js.publish(f"scibus.v1.job.probe.order.{job_id}", BODIES[job_id.rpartition("-")[0]])
            verdict.faults += 1
        await served_at_once(ground, verdict)
        await ground.ended([*ids, "next"], 30)
        await judge(verdict, ground.connection, [*ids, "next"], ground.ledger.created)
        for job_id in ids:
            await _failed(ground, verdict, "order", job_id, "invalid-request", dead=True, attempts=range(1))


@promise(
    "jobs that kill, hang or break: bounded attempts, a dead letter, a failed result, and the next is done at once",
    short=False,
)
async def handlers(verdict: Verdict, whole: bool) -> None:
    """Each kind of harm once, the workers that die of it being started again as whoever runs them would."""
    kinds = {"never": "deadline", "memory": "internal", "encoder": "internal", "exit": "internal"}
    async with field() as ground:
        keeping = asyncio.create_task(_keep(ground, 2))
        try:
            await waited(lambda: _there(ground, 2), 20)
            for kind in kinds:
                if kind == "exit":
                    # It takes along what its worker has begun besides, which costs that an attempt.
                    await ground.ended([other for other in kinds if other != kind], 60, "poison")
                await ground.probe.poison.submit_as(kind, kind=kind)
                verdict.faults += 1
            await asyncio.sleep(0.5)
            await served_at_once(ground, verdict)
            await ground.ended(list(kinds), 60, "poison")
            await judge(verdict, ground.connection, ["next"], ground.ledger.created)
            await judge(verdict, ground.connection, kinds, ground.ledger.created, "poison")
            for kind, slug in kinds.items():
                await _failed(ground, verdict, "poison", kind, slug, dead=True, attempts=range(2, 3))
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


@promise("a handler that does not stop when it is told to: its process ends, the attempts are bounded", short=False)
async def deaf(verdict: Verdict, whole: bool) -> None:
    """Two workers, each of which ends itself over it; `tests/runtime/test_shutdown.py` has the quick part."""
    async with field() as ground:
        keeping = asyncio.create_task(_keep(ground, 2))
        try:
            await waited(lambda: _there(ground, 2), 20)
            await ground.probe.poison.submit_as("deaf", kind="deaf")
            verdict.faults += 1
            await asyncio.sleep(0.5)
            await served_at_once(ground, verdict)
            await ground.ended(["deaf"], 200, "poison")
            await judge(verdict, ground.connection, ["next"], ground.ledger.created)
            await judge(verdict, ground.connection, ["deaf"], ground.ledger.created, "poison")
            await _failed(ground, verdict, "poison", "deaf", "internal", dead=True, attempts=range(2, 3))
            broken = [worker for worker in ground.workers if "draining" in worker.log_text()]
            codes = [await worker.wait() for worker in broken]
            is_told = all("cannot be stopped" in worker.log_text() for worker in broken)
            verdict.expect(is_told and codes == [1, 1], f"the workers that it met ended with {codes}")
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


async def _there(ground: Field, number: int) -> bool:
    return len(ground.alive) >= number


async def _keep(ground: Field, number: int) -> None:
    """Start workers again that have died, as Kubernetes would."""
    while True:
        missing = number - len(ground.alive)
        if missing > 0:
            await ground.several(missing, SCIBUS_PROBE_MEMORY=str(MEMORY))
        await asyncio.sleep(0.1)


async def served_at_once(ground: Field, verdict: Verdict) -> None:
    """See the next job done."""
    began = time.monotonic()
    job = await ground.probe.order.submit_as("next")
    await job.result(timeout=30)
    verdict.figures["s to the next job"] = f"{time.monotonic() - began:.2f}"


async def _failed(
    ground: Field, verdict: Verdict, operation: str, job_id: str, slug: str, *, dead: bool, attempts: range
) -> None:
    result = await result_of(ground.connection, job_id, operation)
    if result is None:
        return
    problem = ProblemDetails.model_validate_json(result.data)
    told = f"{job_id}: {result.headers['Scibus-State']}, {problem.slug}, attempt {result.headers['Scibus-Attempt']}"
    verdict.expect(result.headers["Scibus-State"] == "failed" and problem.slug == slug, told)
    verdict.expect(int(result.headers["Scibus-Attempt"]) in attempts, f"{told}: attempts are not {attempts}")
    letter = await last_message(ground.connection, "SCIBUS_DEAD", f"scibus.v1.dead.probe.{operation}.{job_id}")
    verdict.expect((letter is not None) == dead, f"{told}: dead letter {letter}")
    status = await status_of(ground.connection, job_id, operation)
    verdict.expect(status is not None and status.state == "failed", f"{told}: status {status}")
