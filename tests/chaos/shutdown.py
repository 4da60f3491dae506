"""Workers that are asked to leave while there is work."""

import asyncio
import time
from dataclasses import dataclass
from dataclasses import field as member

from scibus.contracts.problems import Problem
from tests.chaos.field import Field, field
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, disagreeing, judge, result_of
from tests.processes import WorkerProcess

LONG_LEASE = {"SCIBUS_ACK_WAIT": "30"}
"""A job that waited for it would be seen."""
REQUESTS = 64
JOBS = 20


@promise(
    "SIGTERM to one of two workers with 64 requests and 20 jobs in flight: all answered, no job waits for a lease",
    short=False,
)
async def one_of_two(verdict: Verdict, whole: bool) -> None:
    """Half of the jobs are too long for the grace period: they go to the other worker at once."""
    async with field() as ground:
        leaver, _ = await ground.several(2, **LONG_LEASE, SCIBUS_GRACE_PERIOD="5")
        for turn in range(3 if whole else 1):
            ids = [f"job-{turn}-{number}" for number in range(JOBS)]
            for number, job_id in enumerate(ids):
                await ground.probe.order.submit_as(job_id, seconds=9 if number % 4 < 2 else 1)
            asked = [asyncio.ensure_future(ground.probe.wait(seconds=1)) for _ in range(REQUESTS)]
            await asyncio.sleep(0.5)
            began = time.monotonic()
            leaver.terminate()
            verdict.faults += 1
            answers = await asyncio.gather(*asked, return_exceptions=True)
            failed = [answer for answer in answers if isinstance(answer, BaseException)]
            verdict.jobs += len(answers)
            verdict.expect(not failed, f"{len(failed)} requests failed: {failed[:1]}")
            verdict.expect(await leaver.wait() == 0, f"the worker ended with {leaver.process.returncode}")
            took = time.monotonic() - began
            verdict.expect(took < 8, f"with a grace period of 5 s it took {took:.1f} s to leave")
            await ground.ended(ids, 25)
            await judge(verdict, ground.connection, ids, ground.ledger.created)
            verdict.wrong += await disagreeing(ground.connection, ids)
            verdict.wrong += await _second_attempts(ground, ids)
            if whole:
                leaver, _ = ground.alive[0], await ground.worker(**LONG_LEASE, SCIBUS_GRACE_PERIOD="5")


async def _second_attempts(ground: Field, ids: list[str]) -> list[str]:
    """Jobs whose end was not the first attempt's."""
    attempts = {job_id: await result_of(ground.connection, job_id) for job_id in ids}
    return [
        f"{job_id} ended in attempt {result.headers['Scibus-Attempt']}"
        for job_id, result in attempts.items()
        if result is not None and result.headers["Scibus-Attempt"] != "1"
    ]


@dataclass
class Callers:
    """Ask all the time; a retryable problem is met by asking again."""

    ground: Field
    answered: int = 0
    asked_again: int = 0
    failed: list[str] = member(default_factory=list)
    closed: bool = False

    async def ask(self) -> None:
        """One request after the other."""
        while not self.closed:
            for _ in range(10):
                try:
                    await self.ground.probe.wait.options(timeout=10)(seconds=0.05)
                except Problem as problem:
                    if not problem.details.retryable:
                        self.failed.append(repr(problem))
                        break
                    self.asked_again += 1
                    await asyncio.sleep(0.1)
                else:
                    self.answered += 1
                    break
            else:
                self.failed.append("ten retryable problems on end")


@promise("a rolling restart of all workers under load: no request fails, no attempt is counted", short=False)
async def rolling(verdict: Verdict, whole: bool) -> None:
    """Each worker is replaced by a new one while 16 callers ask and jobs come in."""
    number = 3 if whole else 2
    async with field() as ground:
        workers = await ground.several(number, **LONG_LEASE, SCIBUS_GRACE_PERIOD="5")
        callers = Callers(ground)
        asking = [asyncio.create_task(callers.ask()) for _ in range(16)]
        ids: list[str] = []
        submitting = asyncio.create_task(_submit(ground, ids, callers, longest=8 if whole else 4))
        for worker in workers:
            await _replace(ground, worker, verdict)
        callers.closed = True
        await asyncio.gather(*asking, submitting)
        verdict.jobs += callers.answered
        verdict.figures |= {"requests": str(callers.answered), "asked again": str(callers.asked_again)}
        verdict.expect(not callers.failed, f"{len(callers.failed)} requests failed: {callers.failed[:1]}")
        await ground.ended(ids, 25)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids[::10])
        verdict.wrong += await _second_attempts(ground, ids)


async def _submit(ground: Field, ids: list[str], callers: Callers, longest: int) -> None:
    while not callers.closed:
        ids.append(f"job-{len(ids)}")
        await ground.probe.order.submit_as(ids[-1], seconds=len(ids) % longest)
        await asyncio.sleep(0.05)


async def _replace(ground: Field, worker: WorkerProcess, verdict: Verdict) -> None:
    await ground.worker(**LONG_LEASE, SCIBUS_GRACE_PERIOD="5")
    worker.terminate()
    verdict.faults += 1
    verdict.expect(await worker.wait() == 0, f"a worker ended with {worker.process.returncode}")
