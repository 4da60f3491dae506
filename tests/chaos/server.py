"""The server that is killed, and comes back with its data."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

from scibus.bus.stored import api
from scibus.client import JobStatus, NoAnswer
from tests.chaos.crowd import crowd
from tests.chaos.field import Field, field, waited
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, disagreeing, judge
from tests.processes import WorkerProcess

IDLE_SHARE = 0.1
"""Of one core: a process that waits for a server uses less."""


async def crash(ground: Field, seconds: float) -> None:
    """Kill the server, and bring it back after a while with the data that it had."""
    await ground.server.kill()
    await asyncio.sleep(seconds)
    await ground.server.start()


@promise("the server killed under load: accepted jobs are done, once", short=False)
async def under_load(verdict: Verdict, whole: bool) -> None:
    """Two workers, four programs that submit, and a server that dies every few seconds."""
    async with field() as ground:
        await ground.several(2)
        async with crowd(ground, verdict, submitters=4) as one:
            for _ in range(5 if whole else 2):
                await asyncio.sleep(1.5)
                await crash(ground, 0.5)
                verdict.faults += 1
            await asyncio.sleep(3)
        await ground.ended(one.accepted, 90)
        await judge(verdict, ground.connection, one.accepted, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, one.accepted[::20])


@promise("the server killed within 0.1 s of a delivery: the job is done, once", short=False)
async def at_a_delivery(verdict: Verdict, whole: bool) -> None:
    """The server forgets that it had given jobs out, and gives them out again, to whoever asks."""
    async with field() as ground:
        await ground.several(2, SCIBUS_ACK_WAIT="10")
        ids: list[str] = []
        forgotten = 0
        for number in range(12 if whole else 3):
            ids += await begun(ground, f"delivered-{number}", seconds=4)
            await crash(ground, 0.1)
            verdict.faults += 1
            forgotten += await given_out_again(ground, len(ids))
        await ground.ended(ids, 60)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.doubled += begun_again(ground, ids)
        verdict.figures["deliveries forgotten"] = str(forgotten)
        # On a machine that stalls a killer may come too late; the whole form has tries enough.
        verdict.expect(forgotten > 0 or not whole, "the server forgot no delivery")
        verdict.wrong += await disagreeing(ground.connection, ids)


async def begun(ground: Field, name: str, seconds: float) -> list[str]:
    """Seven jobs that have just begun: the server writes down a first delivery at once, others 0.1 s later."""
    ids = [f"{name}-{number}" for number in range(7)]
    order = ground.probe.order
    await order.submit_as(ids[0], seconds=seconds, acts=20)
    await asyncio.gather(*(order.submit_as(job_id, seconds=seconds, acts=20) for job_id in ids[1:]))

    async def all_begun() -> bool:
        return all(ground.ledger.noted(job_id, "begin") for job_id in ids)

    await waited(all_begun, 10, pause=0.001)
    return ids


async def given_out_again(ground: Field, submitted: int) -> int:
    """Deliveries that a server just started does not know of, of as many jobs as were submitted so far."""
    info = await api(ground.connection, "CONSUMER.INFO.SCIBUS_JOBS_PROBE.order", timeout=10)
    return submitted - int(info["delivered"]["stream_seq"])


def begun_again(ground: Field, ids: Iterable[str]) -> int:
    """Handler starts beyond the first of each job, where no worker has died and none was cut off for long."""
    return sum(len(ground.ledger.noted(job_id, "begin")) - 1 for job_id in ids)


@promise("the server away for a minute: all come back by themselves", short=False)
async def away(verdict: Verdict, whole: bool) -> None:
    """Requests get a retryable problem in time, a watcher sees the end, nobody spins, and accepted jobs are done."""
    seconds = 60.0 if whole else 6.0
    async with field() as ground:
        worker = await ground.worker()
        ids = [f"before-{number}" for number in range(20)]
        for job_id in ids:
            await ground.probe.order.submit_as(job_id, seconds=2.0)
        watched = await ground.probe.order.submit_as("watched", seconds=3.0, acts=6)
        watching = asyncio.create_task(_seen(watched))
        await asyncio.sleep(1)
        used, began = cpu_seconds(worker), time.process_time()

        await ground.server.kill()
        verdict.faults += 1
        await asyncio.sleep(0.2)
        asked = [asyncio.create_task(_asked(ground)) for _ in range(10)]
        await asyncio.sleep(seconds)
        used, own = cpu_seconds(worker) - used, time.process_time() - began
        await ground.server.start()

        for outcome in await asyncio.gather(*asked):
            verdict.expect(outcome == "", outcome)
        verdict.jobs += len(asked)
        verdict.figures["% CPU of the worker"] = f"{100 * used / seconds:.1f}"
        verdict.expect(used < IDLE_SHARE * seconds, f"the worker used {used:.1f} s of CPU while it waited")
        verdict.expect(own < IDLE_SHARE * seconds, f"the client used {own:.1f} s of CPU while it waited")
        await ground.ended([*ids, "watched"], 60)
        await judge(verdict, ground.connection, [*ids, "watched"], ground.ledger.created)
        states = await asyncio.wait_for(watching, 60)
        verdict.expect(states[-1].state == "succeeded", "the watcher did not see the end")
        answer = await ground.probe.echo(text="again")
        verdict.expect(answer.text == "again", "a request after it was not answered")


async def _seen(job) -> list[JobStatus]:  # type: ignore[no-untyped-def]
    return [status async for status in job.events()]


async def _asked(ground: Field) -> str:
    """What is wrong with what a caller was told while the server is away; nothing is the empty text."""
    began = time.monotonic()
    try:
        await ground.probe.echo.options(timeout=3)(text="anybody?")
    except NoAnswer as problem:
        if not problem.details.retryable:
            return f"a request was refused for good: {problem}"
    except Exception as error:  # noqa: BLE001 - it is counted
        return f"a request failed without a problem: {error!r}"
    else:
        return "a request was answered without a server"
    waited = time.monotonic() - began
    return f"a request with a timeout of 3 s waited {waited:.1f} s" if waited > 4 else ""


def cpu_seconds(worker: WorkerProcess) -> float:
    """What a process has used so far, on all cores."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
