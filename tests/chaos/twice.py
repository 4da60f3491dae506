"""The same job more than once, and two workers that both take it for theirs."""

import asyncio
import os
import signal
from collections.abc import Callable

from scibus.bus.stored import api
from scibus.bus.topology import SECOND
from scibus.contracts.problems import Conflict
from tests.chaos.field import ACK_WAIT, Field, field, waited
from tests.chaos.killed import overlapping
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, disagreeing, judge

RACERS = 50


@promise(
    "the same id 50 times at once, while it runs, after its result, after the duplicate window: done once", short=False
)
async def submitted(verdict: Verdict, whole: bool) -> None:
    """By clients that know nothing of each other, on a stream whose duplicate window is a second."""
    async with field() as ground:
        await ground.several(2)
        await _narrow_window(ground)
        ids = [f"again-{number}" for number in range(10 if whole else 3)]
        await asyncio.gather(*(_fifty(ground, job_id, verdict) for job_id in ids))
        await asyncio.sleep(1.5)
        await asyncio.gather(*(_fifty(ground, job_id, verdict) for job_id in ids))
        await ground.ended(ids, 30)
        await asyncio.gather(*(_fifty(ground, job_id, verdict) for job_id in ids))
        await asyncio.sleep(1.5)
        await asyncio.gather(*(_fifty(ground, job_id, verdict) for job_id in ids))
        await ground.ended(ids, 30)
        for job_id in ids:
            try:
                await ground.probe.order.submit_as(job_id, seconds=9)
                verdict.wrong.append(f"{job_id} was taken with another body")
            except Conflict:
                verdict.faults += 1
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        begun = [note for note in ground.ledger.notes if note.what == "begin"]
        verdict.doubled += len(begun) - len(ids)


async def _narrow_window(ground: Field) -> None:
    """Let the job stream forget ids after a second."""
    config = (await api(ground.connection, "STREAM.INFO.SCIBUS_JOBS_PROBE"))["config"]
    await api(ground.connection, "STREAM.UPDATE.SCIBUS_JOBS_PROBE", {**config, "duplicate_window": SECOND})


async def _fifty(ground: Field, job_id: str, verdict: Verdict) -> None:
    """Half of them by our client, half by one that only knows the protocol."""
    js = ground.connection.jetstream()
    headers = {"Nats-Msg-Id": f"probe.order.{job_id}"}
    ours = [ground.probe.order.submit_as(job_id, seconds=3, acts=3) for _ in range(RACERS // 2)]
    plain = [
        js.publish(f"scibus.v1.job.probe.order.{job_id}", b'{"seconds":3.0,"acts":3}', headers=headers)
        for _ in range(RACERS // 2)
    ]
    await asyncio.gather(*ours, *plain)
    verdict.faults += RACERS


@promise("a worker frozen past its lease and woken: one result, and it stops before it acts", short=False)
async def frozen(verdict: Verdict, whole: bool) -> None:
    """The job goes to another worker meanwhile; when the first one wakes, its handler is in the middle of its work."""
    async with field() as ground:
        ids = []
        for number in range(5 if whole else 1):
            ids.append(f"frozen-{number}")
            sleeper = await ground.worker()
            await ground.probe.order.submit_as(ids[-1], seconds=4, acts=40)
            await _noted(ground, ids[-1], "act", lambda note: True)
            os.kill(sleeper.pid, signal.SIGSTOP)
            verdict.faults += 1
            other = await ground.worker()
            await _noted(ground, ids[-1], "act", lambda note: note.attempt == 2)
            os.kill(sleeper.pid, signal.SIGCONT)
            await ground.ended(ids, 30)
            await asyncio.sleep(ACK_WAIT)
            woken = [note for note in ground.ledger.notes if note.key == ids[-1] and note.attempt == 2]
            verdict.expect({note.pid for note in woken} == {other.pid}, f"{ids[-1]}: who did the second attempt?")
            for worker in (sleeper, other):
                worker.terminate()
                verdict.expect(await worker.wait() == 0, "a worker that was frozen did not end well")
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.doubled += overlapping(ground)
        verdict.wrong += await disagreeing(ground.connection, ids)


async def _noted(ground: Field, key: str, what: str, matches: Callable[..., bool]) -> None:
    async def there() -> bool:
        return any(matches(note) for note in ground.ledger.noted(key, what))

    if not await waited(there, 20):
        raise TimeoutError(f"{key} was not seen to {what}")
