"""Connections that are cut, go half open, or are slow."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scibus.client import connect
from tests.chaos.crowd import TIMEOUT, crowd
from tests.chaos.field import Field, field, waited
from tests.chaos.promises import promise
from tests.chaos.proxy import NatsProxy
from tests.chaos.verdict import Verdict, disagreeing, judge
from tests.processes import WorkerProcess

NOTICED_SECONDS = 16.0
"""Three pings, and a new connection."""
LARGE = "x" * 900_000
LARGE_ONES = 24
"""Together they are more than what the kernel takes of two connections: some of it was not sent when they freeze."""
SMALL = "x" * 10_000
SMALL_ONES = 1500
"""More than nats-py lets wait for a connection that takes nothing, before its pings wait too."""
SERVER_PINGS = 'ping_interval: "4s", ping_max: 2'
"""By default a server gives requests to a connection that is half open for six minutes."""


@asynccontextmanager
async def beyond(ground: Field, proxy: NatsProxy) -> AsyncIterator[Field]:
    """The same bus, for a client beyond `proxy`."""
    async with connect(proxy.url, name="beyond", timeout=TIMEOUT) as bus:
        yield Field(ground.folder, ground.server, ground.ledger, bus)


@promise("connections cut again and again: jobs are done once, a request that fails says to ask again", short=False)
async def cut(verdict: Verdict, whole: bool) -> None:
    """Every connection of three workers and of the client, in the middle of whatever was under way."""
    async with field() as ground, NatsProxy(ground.server.port) as proxy, beyond(ground, proxy) as far:
        await ground.several(3 if whole else 2, url=proxy.url)
        async with crowd(far, verdict, submitters=4, askers=12, timeout=2) as one:
            for number in range(10 if whole else 3):
                await asyncio.sleep(1 + 0.13 * (number % 7))
                verdict.faults += proxy.cut()
            await asyncio.sleep(6)
            before = one.refused
            await asyncio.sleep(1)
            verdict.expect(one.refused == before, "requests fail though the network is well again")
        await ground.ended(one.accepted, 60)
        await judge(verdict, ground.connection, one.accepted, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, one.accepted[::10])


@promise("half-open connections: noticed before a job goes to somebody else, and nobody stays deaf", short=False)
async def half_open(verdict: Verdict, whole: bool) -> None:
    """In the middle of large messages, both ways; what is connected anew works."""
    async with (
        field(config=SERVER_PINGS) as ground,
        NatsProxy(ground.server.port) as workers_side,
        NatsProxy(ground.server.port) as callers_side,
        beyond(ground, callers_side) as far,
    ):
        workers = await ground.several(2, url=workers_side.url, **({"SCIBUS_ACK_WAIT": "30"} if whole else {}))
        took: list[float] = []
        held = [f"held-{number}" for number in range(8)]
        async with crowd(far, verdict, askers=2) as one:
            for job_id in held:
                await ground.probe.order.submit_as(job_id, seconds=20 if whole else 5, acts=10)
            await asyncio.sleep(1)
            async with asyncio.TaskGroup() as group:
                group.create_task(_deaf_for(ground, workers, took))
                verdict.faults += workers_side.freeze(to_client=False)
                for number in range(LARGE_ONES):
                    group.create_task(one.ask(f"{number}{LARGE}"))
                await asyncio.sleep(1)
                workers_side.freeze()
                verdict.faults += callers_side.freeze()
                group.create_task(_cut_off_for(far, took))
                for number in range(LARGE_ONES):
                    group.create_task(one.ask(f"{number}{LARGE}"))
                for number in range(SMALL_ONES):
                    group.create_task(one.ask(f"{number}{SMALL}"))
            answered = one.answered
            await asyncio.sleep(1)
            verdict.expect(one.answered > answered, "no request is answered after all was noticed")
        late = [f"late-{number}" for number in range(40)]
        for job_id in late:
            await far.probe.order.submit_as(job_id, seconds=0.5, acts=1)
        await ground.ended([*held, *late], 60)
        await judge(verdict, ground.connection, [*held, *late], ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, [*held, *late])
        deaf = {worker.pid for worker in workers} - {
            note.pid for key in late for note in ground.ledger.noted(key, "act")
        }
        verdict.expect(not deaf, f"{len(deaf)} workers are connected but deaf")
        verdict.expect(max(took) < NOTICED_SECONDS, f"a half-open connection was noticed after {max(took):.1f} s only")
        verdict.figures["s until noticed"] = f"{max(took):.1f}"
        again = sum(len(ground.ledger.noted(key, "begin")) - 1 for key in held)
        verdict.figures["handlers begun again"] = str(again)
        verdict.expect(not (whole and again), f"{again} jobs were given up though their workers came back in time")


async def _deaf_for(ground: Field, workers: list[WorkerProcess], took: list[float]) -> None:
    """How long each of `workers` takes to come back."""
    began = time.monotonic()

    async def back(worker: WorkerProcess) -> None:
        async def told() -> bool:
            return "NATS is back" in worker.log_text()

        await waited(told, 2 * NOTICED_SECONDS)
        took.append(time.monotonic() - began)

    await asyncio.gather(*map(back, workers))


async def _cut_off_for(far: Field, took: list[float]) -> None:
    """How long the client takes to come back."""
    began, before = time.monotonic(), far.connection.stats["reconnects"]

    async def back() -> bool:
        return far.connection.is_connected and far.connection.stats["reconnects"] > before

    await waited(back, 2 * NOTICED_SECONDS)
    took.append(time.monotonic() - began)


@promise("a slow link: jobs are done once, and none is given up", short=False)
async def slow(verdict: Verdict, whole: bool) -> None:
    """Each message is a third of a second late, and a connection carries no more than 100 kB a second."""
    async with field() as ground, NatsProxy(ground.server.port) as proxy, beyond(ground, proxy) as far:
        await ground.several(2, url=proxy.url, SCIBUS_ACK_WAIT="4")
        proxy.seconds, proxy.rate = 0.35, 100_000
        verdict.faults += 1
        ids = [f"slow-{number}" for number in range(60 if whole else 10)]
        async with crowd(far, verdict, askers=2):
            for job_id in ids:
                await ground.probe.order.submit_as(job_id, seconds=10 if whole else 6, acts=4)
            await ground.ended(ids, 90)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids)
        again = sum(len(ground.ledger.noted(key, "begin")) - 1 for key in ids)
        verdict.expect(not again, f"{again} jobs were given up though their workers were there")
