"""Very many jobs, those that are held or delayed, and readers of events that do not keep up."""

import asyncio
import json
import socket
import sysconfig
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg

from scibus.bus.stored import api
from scibus.contracts.jobs import JobStatus
from tests.chaos.field import Field, field, waited
from tests.chaos.full import NO_EFFECTS, done_once
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, disagreeing, judge, queued, results_of
from tests.processes import WorkerProcess
from tests.waiting import free_port, read_page

MIB = 1024 * 1024
FLAT_BYTES = 60 * MIB
FIRST_SECONDS = 5.0
"""A first job that takes longer to begin is late, however busy the machine is."""
LISTING_SECONDS = 6.0
CUT_SECONDS = 15.0


@promise("slow readers of events: nobody waits for them, and they learn the end", short=False)
async def events(verdict: Verdict, whole: bool) -> None:
    """One that never reads what the server sends, and one that takes its time over each status, among much noise."""
    monitor = free_port()
    config = f'max_pending: 131072\nwrite_deadline: "1s"\nhttp: 127.0.0.1:{monitor}'
    async with field(max_payload=MIB // 8, config=config) as ground, _deaf(ground):
        await ground.several(2)
        watched = await ground.probe.order.submit_as("watched", seconds=2.5, acts=30)
        seen: list[JobStatus] = []
        watching = asyncio.create_task(_read_slowly(watched.events(), seen))
        ids = [f"job-{number}" for number in range(3000 if whole else 200)]
        await asyncio.gather(*(_submit(ground, ids[start::20]) for start in range(20)))
        await _noise(ground.connection)
        began = time.monotonic()
        await ground.probe.echo(text="at once")
        verdict.figures["s to an answer"] = f"{time.monotonic() - began:.2f}"
        await done_once(ground, verdict, "idle", ids, 60)
        await done_once(ground, verdict, "order", ["watched"], 30)
        if whole:
            # The final event is pushed out before the slow reader gets at it.
            await _noise(ground.connection)
        verdict.faults += 2
        is_cut = await waited(lambda: _somebody_was_slow(monitor), CUT_SECONDS)
        verdict.expect(is_cut, "the server was patient with a reader that takes nothing: no fault was made")
        await judge(verdict, ground.connection, ids, NO_EFFECTS, "idle")
        await judge(verdict, ground.connection, ["watched"], ground.ledger.created)
        await asyncio.wait_for(watching, 60)
        verdict.figures["statuses seen"] = str(len(seen))
        verdict.expect(seen[-1].state == "succeeded", f"the slow reader was told {[one.state for one in seen]}")


@promise("100,000 jobs queued: memory stays flat, the first starts at once, and the jobs can be listed", short=False)
async def many(verdict: Verdict, whole: bool) -> None:
    """Queued while no worker is there, listed, done by one, and listed again."""
    number = 100_000 if whole else 2_000
    async with field() as ground:
        first = await ground.worker()
        first.terminate()
        await first.wait()
        own = _own_bytes()
        ids = [f"job-{position}" for position in range(number)]
        await _put(ground.connection, ids[number // 20 :])
        await asyncio.gather(*(_submit(ground, ids[start : number // 20 : 20]) for start in range(20)))
        verdict.figures["MiB more in the client"] = f"{(_own_bytes() - own) / MIB:.0f}"
        verdict.expect(_own_bytes() - own < FLAT_BYTES, "the client grew with the queue")
        verdict.faults += await queued(ground.connection)
        await _listed(ground, verdict, "queued")

        begun = asyncio.Event()
        hearing = await ground.connection.subscribe("scibus.v1.event.probe.idle.*", cb=_setting(begun))
        await hearing.unsubscribe(limit=1)
        worker = await ground.worker(SCIBUS_CONCURRENCY="256")
        ready, used = time.monotonic(), worker.resident_bytes()
        await asyncio.wait_for(begun.wait(), 60)
        verdict.figures["s to the first"] = f"{time.monotonic() - ready:.2f}"
        verdict.expect(time.monotonic() - ready < FIRST_SECONDS, "the first job did not start at once")
        more = await _most_bytes(worker, ground) - used
        verdict.figures["MiB more in the worker"] = f"{more / MIB:.0f}"
        verdict.figures["jobs/s"] = f"{number / (time.monotonic() - ready):.0f}"
        verdict.expect(more < FLAT_BYTES, "the worker grew with the queue")
        await _listed(ground, verdict, "done")
        await judge(verdict, ground.connection, ids, NO_EFFECTS, "idle")
        verdict.wrong += await disagreeing(ground.connection, ids[:: number // 20], "idle")


@promise("2,000 jobs held or delayed at once stall nobody", short=False)
async def delayed(verdict: Verdict, whole: bool) -> None:
    """Half of them between two attempts, half waiting for the turn that one of them has; then a fresh one comes."""
    async with field() as ground:
        # With the acknowledgement wait of a real bus: so many heartbeats within 2 s are nobody's promise.
        await ground.worker(SCIBUS_ACK_WAIT="30")
        later = [f"later-{number}" for number in range(1000 if whole else 1100)]
        waiting = [f"waiting-{number}" for number in range(1050 if whole else 50)]
        await _put(ground.connection, later, b'{"fails":1,"after":%d}' % (10 if whole else 4))
        verdict.expect(await _all_out(ground, "idle"), "not all jobs were given out")
        await _fresh(ground, verdict, "idle")
        await _put(ground.connection, waiting[:1], b'{"seconds":%d,"turn":"one"}' % (12 if whole else 2), "order")
        await ground.ledger.received("POST orders")
        await _put(ground.connection, waiting[1:], b'{"turn":"one"}', "order")
        verdict.expect(await _all_out(ground, "order"), "not all jobs were given out")
        await _fresh(ground, verdict, "order")
        verdict.faults += len(later) + len(waiting)
        await done_once(ground, verdict, "idle", [*later, "fresh"], 90)
        await done_once(ground, verdict, "order", [*waiting, "fresh"], 120)
        await waited(lambda: _is_empty(ground), 20)
        await judge(verdict, ground.connection, [*later, "fresh"], NO_EFFECTS, "idle")
        await judge(verdict, ground.connection, [*waiting, "fresh"], ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, later[::100], "idle")
        verdict.wrong += await disagreeing(ground.connection, waiting[::100])


async def _fresh(ground: Field, verdict: Verdict, operation: str) -> None:
    """See one more job of the operation done before any of those that lie there."""
    began = time.monotonic()
    job = await getattr(ground.probe, operation).submit_as("fresh")
    await job.result(timeout=60)
    verdict.figures[f"s to a fresh {operation}"] = f"{time.monotonic() - began:.2f}"
    ended = await results_of(ground.connection, operation)
    verdict.expect(list(ended) == ["fresh"], f"{len(ended) - 1} of those that were held ended before the fresh one")


async def _all_out(ground: Field, operation: str) -> bool:
    """Wait until every job of the operation was given to a worker."""

    async def out() -> bool:
        told = await api(ground.connection, f"CONSUMER.INFO.SCIBUS_JOBS_PROBE.{operation}")
        return not told["num_pending"]

    return await waited(out, 60)


async def _is_empty(ground: Field) -> bool:
    return not await queued(ground.connection)


async def _submit(ground: Field, ids: Sequence[str]) -> None:
    """As a program does it that uses the client."""
    for job_id in ids:
        await ground.probe.idle.submit_as(job_id)


async def _put(connection: Client, ids: Sequence[str], body: bytes = b"{}", operation: str = "idle") -> None:
    """The same, in less time: many under way at once."""
    js = connection.jetstream(publish_async_max_pending=1000)
    for start in range(0, len(ids), 5000):
        subjects = [f"scibus.v1.job.probe.{operation}.{job_id}" for job_id in ids[start : start + 5000]]
        await asyncio.gather(*[await js.publish_async(subject, body) for subject in subjects])


@asynccontextmanager
async def _deaf(ground: Field) -> AsyncIterator[None]:
    """A subscriber to all events that never reads."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connected:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connected.setblocking(False)
        await loop.sock_connect(connected, ("127.0.0.1", ground.server.port))
        await loop.sock_sendall(connected, b'CONNECT {"verbose":false}\r\nSUB scibus.v1.event.> 1\r\n')
        yield


async def _somebody_was_slow(monitor: int) -> bool:
    """Whether the server has cut somebody off who did not take what it sent."""
    return bool(json.loads(await read_page(monitor, "/varz"))["slow_consumers"])


async def _read_slowly(told: AsyncIterator[JobStatus], seen: list[JobStatus]) -> None:
    async for status in told:
        seen.append(status)
        await asyncio.sleep(1.0)


async def _noise(connection: Client) -> None:
    """More events of the watched job than anybody keeps, none of them news."""
    status = JobStatus(service="probe", operation="order", job_id="watched", state="running", worker="x" * 2000)
    for number in range(5000):
        subject, headers = "scibus.v1.event.probe.order.watched", {"Nats-Sequence": "1"}
        await connection.publish(subject, status.model_dump_json().encode(), headers=headers)
        if number % 100 == 0:
            await connection.flush()


async def _listed(ground: Field, verdict: Verdict, when: str) -> None:
    """Let the command list the jobs."""
    began = time.monotonic()
    program = Path(sysconfig.get_path("scripts")) / "scibus"
    words = ("--url", ground.server.url, "jobs", "--output", "json")
    process = await asyncio.create_subprocess_exec(program, *words, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    took = time.monotonic() - began
    verdict.figures[f"s to list what is {when}"] = f"{took:.1f}"
    verdict.expect(len(json.loads(told)) == 1000, f"{when}: not the newest 1000 were listed")
    verdict.expect(took < LISTING_SECONDS, f"{when}: the list took {took:.1f} s")


def _setting(event: asyncio.Event) -> Callable[[Msg], Awaitable[None]]:
    async def hear(_message: Msg) -> None:
        event.set()

    return hear


async def _most_bytes(worker: WorkerProcess, ground: Field) -> int:
    """The most that the worker uses until the queue is empty."""
    most = 0
    while await queued(ground.connection):
        most = max(most, worker.resident_bytes())
        await asyncio.sleep(0.2)
    return most


def _own_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))
