"""Time: long jobs under short leases, jobs that wait for another attempt, and a clock that is wrong."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from tests.chaos.field import Field, field, waited
from tests.chaos.promises import promise
from tests.chaos.server import begun, begun_again, crash, given_out_again
from tests.chaos.verdict import Verdict, disagreeing, judge, result_of, status_of

HOUR = 3600


@promise("a job of 90 s under an acknowledgement wait of 1 s: one attempt", short=False)
async def long_job(verdict: Verdict, whole: bool) -> None:
    """Ninety beats of the server's patience, and a second worker that would take the job."""
    seconds = 90 if whole else 6
    async with field() as ground:
        await ground.several(2, SCIBUS_ACK_WAIT="1")
        ids = [f"long-{number}" for number in range(10)]
        for job_id in ids:
            await ground.probe.order.submit_as(job_id, seconds=seconds, acts=seconds)
            verdict.faults += seconds
        await ground.ended(ids, seconds + 20)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.doubled += len([note for note in ground.ledger.notes if note.what == "begin"]) - len(ids)
        verdict.wrong += await disagreeing(ground.connection, ids)


@promise("jobs wait for another attempt at the server, not in a slot, also when their worker dies", short=False)
async def backing_off(verdict: Verdict, whole: bool) -> None:
    """A worker with four slots fails hundreds of jobs, serves another one at once, and dies."""
    async with field() as ground:
        worker = await ground.worker(SCIBUS_CONCURRENCY="4")
        ids = [f"again-{number}" for number in range(300 if whole else 60)]
        for job_id in ids:
            await ground.probe.order.submit_as(job_id, fails=2)
        verdict.faults += len(ids)
        began = time.monotonic()
        await (await ground.probe.order.submit_as("fresh")).result(timeout=20)
        verdict.figures["s to a fresh job"] = f"{time.monotonic() - began:.2f}"
        worker.kill()
        verdict.faults += 1
        await ground.worker()
        await ground.ended([*ids, "fresh"], 60)
        await judge(verdict, ground.connection, [*ids, "fresh"], ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids[::10])


@promise(
    "a wall clock that jumps by an hour, forth and back: nobody loses a job or takes one that is held", short=False
)
async def jumping(verdict: Verdict, whole: bool) -> None:
    """One of two workers lives an hour ahead, then behind, while both hold jobs."""
    library = _faketime()
    async with field() as ground:
        clock = ground.folder / "clock"
        clock.write_text("+0", encoding="ascii")
        fake = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        await ground.worker(SCIBUS_ACK_WAIT="10")
        await ground.worker(SCIBUS_ACK_WAIT="10", **fake)
        ids: list[str] = []
        is_seen, forgotten = False, 0
        for jump in (HOUR, -HOUR) if not whole else (HOUR, -HOUR, HOUR, 0, -HOUR, HOUR):
            clock.write_text(f"{jump:+d}", encoding="ascii")
            verdict.faults += 1
            new = await begun(ground, f"clock-{len(ids)}", seconds=4)
            ids += new
            # The server forgets what it has just given out, so that each worker is offered what the other one holds.
            await crash(ground, 0.1)
            forgotten += await given_out_again(ground, len(ids))
            is_seen |= await waited(partial(_tells_an_hour, ground, new), 2)
        verdict.expect(forgotten > 0 or not whole, "the server forgot no delivery")
        verdict.expect(is_seen, "no worker was seen to live in another hour")
        await ground.ended(ids, 30)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.doubled += begun_again(ground, ids)
        verdict.wrong += await disagreeing(ground.connection, ids)
        for job_id in ids:
            result = await result_of(ground.connection, job_id)
            attempt = result.headers["Scibus-Attempt"] if result else "none"
            verdict.expect(attempt == "1", f"{job_id} ended in attempt {attempt}")


def _faketime() -> Path:
    """The library that tells a process another time.

    Raises:
        FileNotFoundError: there is none for this machine.
    """
    spec = find_spec("libfaketime")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("libfaketime is not installed: it is for Linux on x86-64")
    return next(Path(spec.origin).parent.rglob("libfaketime.so.1"))


async def _tells_an_hour(ground: Field, ids: list[str]) -> bool:
    for job_id in ids:
        status = await status_of(ground.connection, job_id)
        if (
            status is not None
            and status.updated_at
            and abs(status.updated_at - datetime.now(UTC)) > timedelta(minutes=50)
        ):
            return True
    return False
