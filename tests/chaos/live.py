"""Live data: datasets forwarded to the bus while workers, servers and the source die."""

import asyncio
import itertools
import json
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from scibus.bus.live import read_place
from scibus.bus.records import Records
from scibus.bus.topology import DATA, SUBSCRIPTIONS_BUCKET
from scibus.bus.walking import walk
from scibus.client import connect
from scibus.contracts.live import BEGIN
from scibus.sandbox.mdb import MdbStandIn
from tests.chaos.field import Field, field, waited
from tests.chaos.promises import promise
from tests.chaos.server import IDLE_SHARE, cpu_seconds
from tests.chaos.verdict import Verdict
from tests.processes import WorkerProcess

DATASET = "flight"
SUBJECT = f"scibus.v1.data.autobahn.{DATASET}"
ALL = datetime.fromtimestamp(0, UTC)
CHUNK = 50
TAKEN_OVER_SECONDS = 10.0


class Flight:
    """A dataset whose messages are numbered, and what becomes of them on the bus."""

    def __init__(self, ground: Field, mdb: MdbStandIn) -> None:
        self.ground = ground
        self.mdb = mdb
        self.sent = 0

    async def worker(self, **settings: str) -> WorkerProcess:
        """One more worker for the stand-in."""
        return await self.ground.worker(service="autobahn", **self.mdb.addresses()["settings"], **settings)

    async def subscribe(self) -> None:
        """Have it forwarded from its beginning."""
        async with await self.ground.bus.autobahn.subscribe(DATASET, offset=BEGIN):
            return

    async def publish(self, count: int, seconds: float) -> None:
        """Publish so many messages more at the source, spread over `seconds`."""
        for begun in range(0, count, CHUNK):
            more = min(CHUNK, count - begun)
            await self.mdb.publish(DATASET, [b"%d" % (self.sent + number) for number in range(1, more + 1)])
            self.sent += more
            await asyncio.sleep(seconds * more / count)

    async def forwarded(self) -> list[int]:
        """The numbers of the messages on the data subject, as they stand there."""
        numbers = []
        async for message in walk(self.ground.connection, DATA, SUBJECT, since=ALL, headers_only=True):
            place = read_place(message.headers)
            numbers.append(place.sequence if place else -1)
        return numbers

    async def arrived(self, seconds: float) -> None:
        """Wait until the last message that was sent is on the bus, or `seconds` have passed."""

        async def there() -> bool:
            with suppress(Exception):
                return (await self.forwarded())[-1:] == [self.sent]
            return False

        await waited(there, seconds, pause=0.5)

    async def judge(self, verdict: Verdict) -> None:
        """Count what is missing, what is there twice, and what stands before what it should follow."""
        numbers = await self.forwarded()
        verdict.jobs += self.sent
        verdict.lost += self.sent - len(set(numbers))
        verdict.doubled += len(numbers) - len(set(numbers))
        inversions = sum(after < before for before, after in itertools.pairwise(numbers))
        verdict.expect(inversions == 0, f"{inversions} messages stand behind one that follows them")
        verdict.expect(-1 not in numbers, "a message does not tell its place")


@asynccontextmanager
async def flight() -> AsyncIterator[Flight]:
    """A bus, and a stand-in for the MDB with one dataset more."""
    async with field() as ground, MdbStandIn() as mdb:
        await mdb.add_dataset(DATASET, ["alice"])
        yield Flight(ground, mdb)


class Follower:
    """Reads the dataset as a program would, for as long as it takes."""

    def __init__(self, one: Flight, callback: bool = False) -> None:
        self._flight = one
        self.numbers: list[int] = []
        self.payloads: list[int] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Follower":
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        async with (
            connect(self._flight.ground.server.url) as bus,
            await bus.autobahn.subscribe(DATASET, offset=BEGIN) as subscription,
        ):
            async for message in subscription:
                self.numbers.append(message.sequence)
                self.payloads.append(int(message.data))

    async def judge(self, verdict: Verdict) -> None:
        """See that it got everything, once and in order."""
        sent = self._flight.sent

        async def complete() -> bool:
            return len(self.numbers) >= sent

        await waited(complete, 30)
        if self._task is not None and self._task.done() and not self._task.cancelled():
            verdict.wrong.append(f"a reader broke off: {self._task.exception()!r}")
        verdict.expect(self.numbers == list(range(1, sent + 1)), f"a reader got {len(self.numbers)} of {sent} messages")
        verdict.expect(self.payloads == self.numbers, "a reader got other payloads than were sent")


@promise("workers killed every 2 s, the server once: a dataset comes whole, in order, each message once")
async def killed(verdict: Verdict, whole: bool) -> None:
    """10,000 messages over three workers, one of which dies every 2 s and is replaced."""
    messages, kills = (10_000, 12) if whole else (2_000, 3)
    async with flight() as one:
        for _ in range(3):
            await one.worker()
        await one.subscribe()
        async with Follower(one) as follower:
            publishing = asyncio.create_task(one.publish(messages, kills * 2.0))
            replacing: set[asyncio.Task[WorkerProcess]] = set()
            for number in range(kills):
                await asyncio.sleep(2.0)
                random.choice(one.ground.alive).kill()
                verdict.faults += 1
                replacing.add(asyncio.create_task(one.worker()))
                if number == kills // 2:
                    await asyncio.gather(*replacing)
                    await one.ground.server.kill()
                    await asyncio.sleep(1.0)
                    await one.ground.server.start()
                    verdict.faults += 1
            await asyncio.gather(publishing, *replacing)
            await one.arrived(60)
            await one.judge(verdict)
            await follower.judge(verdict)


@promise("two workers fight for one subscription: a dataset comes whole, in order, each message once", short=False)
async def fought_for(verdict: Verdict, whole: bool) -> None:
    """Its record is given from one to the other all the time, and who holds it is frozen now and then."""
    messages, times = (6_000, 60) if whole else (1_500, 15)
    async with flight() as one:
        workers = [await one.worker(), await one.worker()]
        await one.subscribe()
        names = [worker.log_lines()[0]["worker"] for worker in workers]
        async with Follower(one) as follower:
            publishing = asyncio.create_task(one.publish(messages, times * 0.2))
            for number in range(times):
                frozen = workers[number % 2] if number % 5 == 0 else None
                if frozen:
                    os.kill(frozen.pid, signal.SIGSTOP)
                await _given_to(one.ground, names[(number + 1) % 2])
                await asyncio.sleep(0.2)
                if frozen:
                    os.kill(frozen.pid, signal.SIGCONT)
                verdict.faults += 1
            await publishing
            await one.arrived(60)
            await one.judge(verdict)
            await follower.judge(verdict)


async def _given_to(ground: Field, name: str) -> None:
    """Write into the record of the subscription that `name` holds it, whoever does."""
    records = Records(ground.connection, SUBSCRIPTIONS_BUCKET)
    key = f"autobahn.{DATASET}"
    with suppress(Exception):
        found = await records.read(key)
        if found is not None:
            await records.write(key, json.dumps({**json.loads(found.data), "holder": name}).encode(), found.revision)


@promise("the source away for a minute: it is told, and the dataset goes on where it stopped", short=False)
async def source_away(verdict: Verdict, whole: bool) -> None:
    """The MDB's server dies, its account server answers 503, and both come back."""
    seconds, messages = (60.0, 2_000) if whole else (12.0, 500)
    async with flight() as one:
        worker = await one.worker()
        await one.subscribe()
        await one.publish(messages, 1.0)
        await one.arrived(20)
        await one.mdb.kill_nats()
        verdict.faults += 1
        used = cpu_seconds(worker)
        await asyncio.sleep(seconds)
        used = cpu_seconds(worker) - used
        verdict.figures["% CPU of the worker"] = f"{100 * used / seconds:.1f}"
        verdict.expect(used < IDLE_SHARE * seconds, f"the worker used {used:.1f} s of CPU while it waited")
        states = (await one.ground.bus.autobahn.subscriptions()).subscriptions
        verdict.expect([state.state for state in states] == ["failing"], f"it is told to be {states[0].state}")
        verdict.expect(_is_told_unavailable(states[0].problem), f"the problem told is {states[0].problem}")
        await one.mdb.start_nats()
        began = asyncio.get_running_loop().time()
        await one.publish(messages, 1.0)
        await one.arrived(90)
        verdict.figures["back after s"] = f"{asyncio.get_running_loop().time() - began - 1.0:.1f}"
        await one.judge(verdict)


def _is_told_unavailable(details: object) -> bool:
    slug = getattr(details, "slug", None)
    return slug == "backend-unavailable"


@promise("a worker that holds subscriptions dies: another one goes on within 10 s", short=False)
async def taken_over(verdict: Verdict, whole: bool) -> None:
    """Measured from the kill to the next message on the bus."""
    longest = 0.0
    async with flight() as one:
        await one.worker()
        await one.subscribe()
        for _ in range(5 if whole else 1):
            await one.worker()
            holder = one.ground.alive[0]
            holder.kill()
            verdict.faults += 1
            began = asyncio.get_running_loop().time()
            await one.publish(1, 0)
            await one.arrived(30)
            longest = max(longest, asyncio.get_running_loop().time() - began)
        verdict.figures["s at the longest"] = f"{longest:.1f}"
        verdict.expect(longest < TAKEN_OVER_SECONDS, f"it took {longest:.1f} s")
        await one.judge(verdict)


@promise("tokens of the source end all the time: a dataset comes whole, in order, each message once", short=False)
async def tokens_end(verdict: Verdict, whole: bool) -> None:
    """Tokens of a few seconds, for NATS and at the gateway, while messages flow."""
    seconds, messages = (40.0, 8_000) if whole else (12.0, 2_000)
    async with flight() as one:
        one.mdb.configure({"nats_token_seconds": 6, "gateway_token_seconds": 8})
        await one.worker()
        await one.subscribe()
        async with Follower(one) as follower:
            await one.publish(messages, seconds)
            await one.arrived(30)
            verdict.faults += one.mdb.count("user_jwt") - 1
            verdict.figures["tokens"] = str(one.mdb.count("user_jwt"))
            await one.judge(verdict)
            await follower.judge(verdict)
