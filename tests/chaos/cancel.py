"""Jobs that somebody wants cancelled."""

import asyncio
import random
from collections import Counter

from scibus.client import NoAnswer
from scibus.contracts.calls import JobHandle
from scibus.contracts.problems import NotFound
from tests.chaos.field import Field, field, waited
from tests.chaos.probe import Ordered
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, disagreeing, judge, result_of, status_of

AT_ONCE = 25


@promise("a queued, waiting, running, retrying or finished job is cancelled, also with its holder dead: one end")
async def in_every_state(verdict: Verdict, whole: bool) -> None:
    """On a worker with two slots, then on one that takes over from a dead one."""
    async with field() as ground:
        first = await ground.worker(SCIBUS_CONCURRENCY="2")
        order = ground.probe.order
        jobs = {
            "finished": await order.submit_as("finished"),
            "retrying": await order.submit_as("retrying", fails=9),
        }
        await jobs["finished"].result(timeout=20)
        await _reaches(ground, "retrying", "retrying")
        jobs["running"] = await order.submit_as("running", seconds=60, turn="one")
        await _reaches(ground, "running", "running")
        jobs["waiting"] = await order.submit_as("waiting", turn="one")
        await _reaches(ground, "waiting", "waiting")
        jobs["busy"] = await order.submit_as("busy", seconds=60)
        await _reaches(ground, "busy", "running")
        jobs["queued"] = await order.submit_as("queued")
        for name in ("queued", "waiting", "retrying", "running", "finished"):
            await _cancelled(jobs[name], verdict)
        first.kill()
        await first.wait()
        await ground.worker()
        await _cancelled(jobs["busy"], verdict)
        try:
            await ground.probe.order.job("nobody").cancel()
            verdict.wrong.append("a job that nobody has submitted was cancelled")
        except NotFound:
            verdict.faults += 1
        await ground.ended(list(jobs), 30)
        await judge(verdict, ground.connection, jobs, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, jobs)
        for name in jobs:
            result = await result_of(ground.connection, name)
            state = result.headers["Scibus-State"] if result else None
            verdict.expect(state == ("succeeded" if name == "finished" else "cancelled"), f"{name} is {state}")
        left = ground.ledger.standing - {"finished"}
        verdict.expect(not left, f"on the backend there is still {', '.join(sorted(left))}")


async def _reaches(ground: Field, job_id: str, state: str) -> None:
    async def there() -> bool:
        status = await status_of(ground.connection, job_id)
        return status is not None and status.state == state

    if not await waited(there, 20):
        raise TimeoutError(f"{job_id} is not {state}")


async def _cancelled(job: JobHandle[Ordered], verdict: Verdict) -> None:
    await job.cancel()
    verdict.faults += 1


@promise("cancelling races with success: one end each, and what was cancelled does not stand on the backend")
async def races(verdict: Verdict, whole: bool) -> None:
    """Jobs of some hundredths of a second, each cancelled about when it ends."""
    async with field() as ground:
        await ground.several(2)
        room = asyncio.Semaphore(AT_ONCE)
        ids = [f"race-{number}" for number in range(1000 if whole else 100)]
        await asyncio.gather(*(_race(ground, job_id, room, verdict) for job_id in ids))
        await ground.ended(ids, 60)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids)
        ends: Counter[str] = Counter()
        for job_id in ids:
            result = await result_of(ground.connection, job_id)
            state = result.headers["Scibus-State"] if result else "none"
            ends[state] += 1
            stands = job_id in ground.ledger.standing
            verdict.expect(stands == (state == "succeeded"), f"{job_id} is {state} and {stands=} on the backend")
        verdict.figures |= {state: str(number) for state, number in ends.items()}
        verdict.expect(set(ends) == {"succeeded", "cancelled"}, f"no race: {dict(ends)}")


async def _race(ground: Field, job_id: str, room: asyncio.Semaphore, verdict: Verdict) -> None:
    async with room:
        job = await ground.probe.order.submit_as(job_id, seconds=random.choice((0, 0.02, 0.05)))
        await asyncio.sleep(random.uniform(0, 0.12))
        try:
            told = await job.cancel()
        except NoAnswer as problem:
            verdict.wrong.append(f"{job_id}: {problem}")
            return
        verdict.faults += 1
        if told.is_final:
            result = await result_of(ground.connection, job_id)
            state = result.headers["Scibus-State"] if result else None
            verdict.expect(state == told.state, f"{job_id} was said to be {told.state}, and is {state}")
