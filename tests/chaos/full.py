"""Whatever can be full: the queue, the object store, the server's store, its disk, a reader, and the list of jobs."""

import asyncio
import json
import resource
import socket
import sysconfig
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg

from scibus.bus.stored import api
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.problems import Overloaded, Problem
from tests.chaos.field import Field, field, waited
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, disagreeing, judge, queued, results_of
from tests.processes import WorkerProcess

MIB = 1024 * 1024
LARGE = 3 * MIB
"""More than a message holds."""
FLAT_BYTES = 60 * MIB
FIRST_SECONDS = 5.0
"""A first job that takes longer to begin is late, however busy the machine is."""
LISTING_SECONDS = 6.0
NO_EFFECTS: Counter[str] = Counter()


@promise("queue at its limit: refused as overloaded, nothing accepted is dropped, results are stored, then room again")
async def queue(verdict: Verdict, whole: bool) -> None:
    """More customers than the queue has room for, and workers with too few slots."""
    async with field() as ground:
        await ground.several(2 if whole else 1, SCIBUS_QUEUE_BYTES=str(MIB), SCIBUS_CONCURRENCY="8")
        accepted: list[str] = []
        refused: list[Problem] = []
        until = time.monotonic() + (10 if whole else 2)
        unwilling = ground.probe.idle.options(wait_for_room=False)

        async def customer(name: str) -> None:
            number = 0
            while time.monotonic() < until:
                number += 1
                try:
                    job = await unwilling.submit_as(f"{name}-{number}", seconds=0.5, text="x" * 20_000)
                    accepted.append(job.job_id)
                except Problem as problem:
                    refused.append(problem)
                    await asyncio.sleep(0.02)

        customers = [asyncio.create_task(customer(f"customer-{number}")) for number in range(4)]
        while len(refused) < 4 and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
        before = await _bytes(ground.connection, "SCIBUS_RESULTS")
        await asyncio.gather(*customers)
        stored = await _bytes(ground.connection, "SCIBUS_RESULTS") - before
        verdict.expect(stored > 0, "while the queue was full, no result was stored")
        patient = await ground.probe.idle.options(timeout=30).submit_as("patient", text="x" * 20_000)
        accepted.append(patient.job_id)

        verdict.faults += len(refused)
        unclear = [one for one in refused if not (isinstance(one, Overloaded) and "queue of probe is full" in str(one))]
        verdict.expect(not unclear, f"{len(unclear)} refusals do not say what is full: {unclear[:1]}")
        verdict.expect(all(one.details.retryable for one in refused), "a refusal is for good")
        await ground.ended(accepted, 60, "idle")
        await judge(verdict, ground.connection, accepted, NO_EFFECTS, "idle")
        verdict.wrong += await disagreeing(ground.connection, accepted[:: max(len(accepted) // 20, 1)], "idle")


@promise("object store full: large answers get a clear problem, small ones go on, and with room the job is done")
async def object_store(verdict: Verdict, whole: bool) -> None:
    """Room comes before the attempts of one job have run out, and, in the whole form, after those of another."""
    async with field() as ground:
        await ground.worker()
        await _limit(ground.connection, "OBJ_scibus_blobs", MIB)
        ids = ["in-time", "small"]
        if whole:
            await ground.probe.large.submit_as("too-late", bytes=LARGE)
            await _done(ground, verdict, "large", ["too-late"], 90)
            ids.append("again")
        await ground.probe.large.submit_as("in-time", bytes=LARGE)
        for _ in range(5 if whole else 2):
            try:
                await ground.probe.large(bytes=LARGE)
                verdict.wrong.append("a large answer found room in a full store")
            except Problem as problem:
                verdict.faults += 1
                is_clear = problem.details.slug == "backend-unavailable" and "maximum bytes exceeded" in str(problem)
                verdict.expect(is_clear and problem.details.retryable, f"this is not clear: {problem!r}")
        small = await ground.probe.large(bytes=1000)
        verdict.expect(len(small.text) == 1000, "a small answer did not come")
        await ground.probe.large.submit_as("small", bytes=1000)
        await _done(ground, verdict, "large", ["small"], 2)
        await _limit(ground.connection, "OBJ_scibus_blobs", 100 * MIB)
        if whole:
            await ground.bus.replay(JobRef("probe", "large", "too-late"), "again")
        await ground.ended(ids, 60, "large")
        await judge(verdict, ground.connection, ids, NO_EFFECTS, "large")
        large = [job_id for job_id in ids if job_id != "small"]
        for job_id in large:
            answer = await ground.probe.large.job(job_id).result(timeout=10)
            verdict.expect(len(answer.text) == LARGE, f"{job_id} answers {len(answer.text)} bytes")
        left = await _bytes(ground.connection, "OBJ_scibus_blobs") - len(large) * LARGE
        verdict.expect(left < MIB / 2, f"{left} bytes of answers that did not fit were left")


@promise("server's store full: what was accepted is done, once, when there is room")
async def store(verdict: Verdict, whole: bool) -> None:
    """Somebody else's stream fills the server while jobs run, so that neither results nor statuses can be stored.

    A worker dies meanwhile with what it could not store, and another one begins.
    """
    async with field(max_store=64 * MIB) as ground:
        # What the queue may grow to is set aside from the store when it is made.
        await ground.several(2, SCIBUS_QUEUE_BYTES=str(MIB))
        ids, pace = [f"order-{number}" for number in range(200 if whole else 20)], 0.2 if whole else 0.1
        for number, job_id in enumerate(ids):
            await ground.probe.order.submit_as(job_id, seconds=0.2 + number % 10 * pace)
        await _ballast(ground.connection)
        try:
            await ground.probe.order.options(wait_for_room=False).submit_as("refused")
            verdict.wrong.append("a job was accepted by a full server")
        except Problem as problem:
            verdict.faults += 1
            verdict.expect(problem.details.retryable, f"a full server is said to be so for good: {problem}")
        await asyncio.sleep(5 if whole else 0.3)
        ground.alive[0].kill()
        await ground.worker()
        await asyncio.sleep(5 if whole else 0.3)
        echoed = await ground.probe.echo(text="still")
        verdict.expect(echoed.text == "still", "requests were not answered")
        await api(ground.connection, "STREAM.DELETE.BALLAST")
        await ground.ended(ids, 60)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids)


@promise("server's disk full: what was accepted is done, once, when the server was started again with room")
async def disk(verdict: Verdict, whole: bool) -> None:
    """Its writes fail, as on a full disk; such a server stores nothing more before it was started anew."""
    async with field() as ground:
        await ground.several(2)
        ids, pace = [f"order-{number}" for number in range(100 if whole else 20)], 0.2 if whole else 0.1
        for number, job_id in enumerate(ids):
            await ground.probe.order.submit_as(job_id, seconds=0.2 + number % 10 * pace)
        _limit_files(ground, 1)
        refused = 0
        for number in range(3 if whole else 1):
            try:
                await ground.probe.order.options(timeout=1).submit_as(f"refused-{number}")
                verdict.wrong.append("a job was accepted by a server with a full disk")
            except Problem as problem:
                refused += 1
                verdict.expect(problem.details.retryable, f"a full disk is said to be so for good: {problem}")
        verdict.faults += refused
        await asyncio.sleep(3 if whole else 0.5)
        ground.alive[0].kill()
        await ground.server.kill()
        await ground.server.start()
        await ground.ended(ids, 90)
        await judge(verdict, ground.connection, ids, ground.ledger.created)
        verdict.wrong += await disagreeing(ground.connection, ids)


@promise("slow readers of events: nobody waits for them, and they learn the end")
async def events(verdict: Verdict, whole: bool) -> None:
    """One that never reads what the server sends, and one that takes its time over each status, among much noise."""
    async with (
        field(max_payload=MIB // 8, config='max_pending: 131072\nwrite_deadline: "1s"') as ground,
        _deaf(ground) as is_cut,
    ):
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
        await _done(ground, verdict, "idle", ids, 60)
        await _done(ground, verdict, "order", ["watched"], 30)
        if whole:
            # The final event is pushed out before the slow reader gets at it.
            await _noise(ground.connection)
        verdict.faults += 2
        verdict.expect(is_cut(), "the server was patient with a reader that takes nothing: no fault was made")
        await judge(verdict, ground.connection, ids, NO_EFFECTS, "idle")
        await judge(verdict, ground.connection, ["watched"], ground.ledger.created)
        await asyncio.wait_for(watching, 60)
        verdict.figures["statuses seen"] = str(len(seen))
        verdict.expect(seen[-1].state == "succeeded", f"the slow reader was told {[one.state for one in seen]}")


@promise("100,000 jobs queued: memory stays flat, the first starts at once, and the jobs can be listed")
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


@promise("2,000 jobs held or delayed at once stall nobody")
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
        await _done(ground, verdict, "idle", [*later, "fresh"], 90)
        await _done(ground, verdict, "order", [*waiting, "fresh"], 120)
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


async def _done(ground: Field, verdict: Verdict, operation: str, ids: Sequence[str], seconds: float) -> None:
    """Wait for the results of the jobs; that they come is promised."""

    async def there() -> bool:
        return set(ids) <= set(await results_of(ground.connection, operation))

    verdict.expect(await waited(there, seconds), f"{operation}: not all have a result after {seconds:g} s")


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


async def _limit(connection: Client, stream: str, size: int) -> None:
    config = (await api(connection, f"STREAM.INFO.{stream}"))["config"]
    await api(connection, f"STREAM.UPDATE.{stream}", {**config, "max_bytes": size})


async def _bytes(connection: Client, stream: str) -> int:
    return int((await api(connection, f"STREAM.INFO.{stream}"))["state"]["bytes"])


async def _ballast(connection: Client) -> None:
    """Fill the server beyond its limit, from where it takes nothing more."""
    await api(connection, "STREAM.CREATE.BALLAST", {"name": "BALLAST", "subjects": ["ballast"], "storage": "file"})
    while "error" not in json.loads((await connection.request("ballast", bytes(MIB // 2), timeout=5)).data):
        pass


def _limit_files(ground: Field, size: int) -> None:
    """Let the server write nothing beyond the first `size` bytes of any file."""
    resource.prlimit(ground.server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@asynccontextmanager
async def _deaf(ground: Field) -> AsyncIterator[Callable[[], bool]]:
    """A subscriber to all events that never reads; tells whether the server has cut it off."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connected:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connected.setblocking(False)
        await loop.sock_connect(connected, ("127.0.0.1", ground.server.port))
        await loop.sock_sendall(connected, b'CONNECT {"verbose":false}\r\nSUB scibus.v1.event.> 1\r\n')

        def is_cut() -> bool:
            try:
                while connected.recv(MIB):
                    pass
            except BlockingIOError:
                return False
            except ConnectionError:
                return True
            return True

        yield is_cut


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
