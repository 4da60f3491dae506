"""Workers that are killed."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.chaos.field import Field, field
from tests.chaos.promises import promise
from tests.chaos.proxy import Frame, NatsProxy
from tests.chaos.verdict import Verdict, disagreeing, judge
from tests.processes import WorkerProcess

STATUS = "$KV.scibus_jobs.probe.order."
CHECKPOINT = "$KV.scibus_checkpoints.probe.order."
RESULT = "scibus.v1.result.probe.order."


class Trap:
    """Kills a worker at a message that it sends or gets."""

    def __init__(self, matches: Callable[[Frame], bool], *, times: int = 1, answered: bool = False) -> None:
        self._matches = matches
        self._left = times
        self._answered = answered
        self._replies: set[bytes] = set()
        self.sprung = asyncio.Event()

    def __call__(self, frame: Frame) -> bool:
        """Whether `frame` passes."""
        if self.sprung.is_set():
            return False
        if not frame.to_server and frame.subject.encode() in self._replies:
            self.sprung.set()
            return False
        if self._matches(frame):
            self._left -= 1
            if self._left == 0:
                if not self._answered:
                    self.sprung.set()
                    return False
                self._replies.add(frame.data.split(b" ", 3)[2])
        return True


def _to(prefix: str, *, containing: bytes = b"") -> Callable[[Frame], bool]:
    return lambda frame: frame.to_server and frame.subject.startswith(prefix) and containing in frame.data


STEPS: dict[str, Callable[[], Trap]] = {
    "fetched": lambda: Trap(lambda frame: not frame.to_server and b"$JS.ACK." in frame.data[:400]),
    "before the attempt is recorded": lambda: Trap(_to(STATUS)),
    "attempt recorded": lambda: Trap(_to(STATUS), answered=True),
    "before the checkpoint": lambda: Trap(_to(CHECKPOINT)),
    "checkpoint saved": lambda: Trap(_to(CHECKPOINT), answered=True),
    "created on the backend, not noted": lambda: Trap(_to(CHECKPOINT, containing=b'"number":'), times=2),
    "noted": lambda: Trap(_to(CHECKPOINT), times=2, answered=True),
    "before the result": lambda: Trap(_to(RESULT)),
    "result stored": lambda: Trap(_to(RESULT), answered=True),
    "before the final status": lambda: Trap(_to(STATUS, containing=b'"state":"succeeded"')),
    "before the acknowledgement": lambda: Trap(_to("$JS.ACK.", containing=b"+ACK")),
}
"""Where a worker dies: at each message of a job, as it passes."""
SHORT = ("fetched", "attempt recorded", "created on the backend, not noted", "result stored")


@asynccontextmanager
async def trapped(ground: Field, trap: Trap) -> AsyncIterator[WorkerProcess]:
    """A worker whose connection goes through `trap`, and who is killed when it springs."""
    async with NatsProxy(ground.server.port) as proxy:
        victim = await ground.worker(url=proxy.url)
        proxy.watch = trap
        yield victim
        await asyncio.wait_for(trap.sprung.wait(), 20)
        victim.kill()
        await victim.wait()


@promise("a worker killed at each message of a job: the job is done, once")
async def at_each_message(verdict: Verdict, whole: bool) -> None:
    """Job after job, each with a worker that dies at another step; the next worker finishes what the last one left."""
    steps = STEPS if whole else {step: STEPS[step] for step in STEPS if step in SHORT}
    async with field() as ground:
        ids = []
        for number, trap in enumerate(steps.values()):
            async with trapped(ground, trap()):
                ids.append(f"step-{number}")
                await ground.probe.order.submit_as(ids[-1])
            verdict.faults += 1
        await ground.worker()
        await ground.ended(ids, 30)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids)


@promise("workers killed all the time: every job is done, once", short=False)
async def again_and_again(verdict: Verdict, whole: bool) -> None:
    """200 jobs over three workers, one of which is killed each second and replaced."""
    jobs, workers, pause = (200, 3, 1.0) if whole else (40, 2, 0.7)
    async with field() as ground:
        await ground.several(workers)
        ids = [f"job-{number}" for number in range(jobs)]

        async def submit() -> None:
            for job_id in ids:
                await ground.probe.order.submit_as(job_id, seconds=random.uniform(0.2, 2.0), acts=2)
                await asyncio.sleep(0.05 if whole else 0.01)

        submitting = asyncio.create_task(submit())
        replacing: set[asyncio.Task[WorkerProcess]] = set()
        for _ in range(30 if whole else 4):
            await asyncio.sleep(pause)
            if ground.alive:
                random.choice(ground.alive).kill()
                verdict.faults += 1
                replacing.add(asyncio.create_task(ground.worker()))
        await asyncio.gather(submitting, *replacing)
        await ground.ended(ids, 120)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids)
        verdict.doubled += overlapping(ground)


def overlapping(ground: Field) -> int:
    """Acts of an attempt after a later one of the same job had begun."""
    latest: dict[str, int] = {}
    late = 0
    for note in ground.ledger.notes:
        late += note.attempt < latest.get(note.key, 0)
        if note.what == "begin":
            latest[note.key] = max(latest.get(note.key, 0), note.attempt)
    return late
